// Runs after the API suite: has everything that the OpenAPI documents declare been exercised? Reads the lines
// that contract.js wrote to $COUPOND_COVERAGE. An operation or parameter counts when a call with it succeeded,
// under any version; an error code when it was answered once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { document } from './contract.js';
import { start } from './server.js';

// The newest, the last one with the old shapes, and one from before acacia.
const VERSIONS = ['', '2025-02-24.acacia', '2023-10-16'];

let server;
let documents;
let exchanges;

before(async () => {
    exchanges = readFileSync(process.env.COUPOND_COVERAGE, 'utf8').split('\n').filter(Boolean).map(JSON.parse);
    server = await start();
    documents = await Promise.all(VERSIONS.map((version) => document(server, version)));
});
after(() => server?.stop());

function all(declared, seen) {
    const missing = [...new Set(declared)].filter((name) => !seen.has(name)).sort();
    assert(missing.length === 0, `never exercised:\n  ${missing.join('\n  ')}`);
}

function succeeded() {
    return exchanges.filter(({ status }) => status < 300);
}

test('every operation has succeeded', () => {
    const declared = documents.flatMap(({ operations }) => operations.map(({ id }) => id));
    const seen = new Set(succeeded().map(({ operationId }) => operationId));
    all(declared, seen);
});

test('every parameter was part of a call that understood it', () => {
    const declared = documents.flatMap((openapi) =>
        openapi.operations.flatMap((operation) =>
            openapi.allParameters(operation).map((path) => `${operation.id} ${path}`)));
    const understood = exchanges.filter(({ status, code }) => status < 300 || code === 'resource_missing');
    const seen = new Set(understood.flatMap(({ operationId, params }) =>
        params.map((path) => `${operationId} ${path}`)));
    all(declared, seen);
});

test('every error code was answered', () => {
    const declared = documents.flatMap(({ json }) => json['x-coupond-error-codes'] ?? []);
    assert(declared.length > 0, 'the documents list no x-coupond-error-codes');
    all(declared, new Set(exchanges.map(({ code }) => code)));
});
