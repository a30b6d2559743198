// docs/openapi.json is what this binary serves as its newest version; regenerate it when this fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, start } from '../lib/server.js';

let server;
before(async () => {
    server = await start();
});
after(() => server?.stop());

test('docs/openapi.json is fresh', async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    assert.equal(response.status, 200);
    assert.deepEqual(JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')), await response.json());
});
