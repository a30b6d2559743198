// Holds every answer against what the server says about itself: the OpenAPI document of the version that
// the answer was rendered for. A difference fails the call, and the test's server.stop() too, because an
// SDK may wrap or swallow what is thrown here. Notes what was exercised for coverage.js.
import { appendFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

const documents = new Map(); // version → promise of Document

// The document of an API version; of the newest when the version is empty.
export function document(server, version = '') {
    if (!documents.has(version)) documents.set(version, load(server, version));
    return documents.get(version);
}

async function load(server, version) {
    const response = await fetch(`${server.url}/openapi.json${version && `?version=${encodeURIComponent(version)}`}`);
    if (response.ok) return new Document(await response.json());
    // The answer to a version that does not exist has the newest shape.
    if (version && response.status < 500) return document(server);
    throw new Error(`GET /openapi.json: ${response.status} ${await response.text()}`);
}

export class Document {
    #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

    constructor(json) {
        this.json = json;
        const dangling = [...JSON.stringify(json).matchAll(/"\$ref":"([^"]+)"/g)]
            .filter(([, ref]) => !this.resolve({ $ref: ref }));
        if (dangling.length > 0) throw new Error(`/openapi.json refers to nothing with ${dangling[0][0]}`);
        // Fewest parameters first: /v1/customers/search is not a customer.
        this.operations = Object.entries(json.paths)
            .flatMap(([path, methods]) =>
                Object.entries(methods)
                    .filter(([method]) => ['get', 'post', 'delete'].includes(method))
                    .map(([method, definition]) => this.#operation(path, method, definition)))
            .sort((a, b) => a.holes - b.holes);
        this.#ajv.addSchema(closed(json), 'openapi');
    }

    find(method, pathname) {
        return this.operations.find((operation) => operation.method === method && operation.pattern.test(pathname));
    }

    // The differences between an answer and the declared response of an operation, as text; or undefined.
    differences(operation, status, json) {
        const responses = operation.definition.responses ?? {};
        const key = [String(status), `${String(status)[0]}XX`, 'default'].find((name) => name in responses);
        if (!key) return `status ${status} is not declared`;
        const steps = ['paths', operation.path, operation.method.toLowerCase(), 'responses', key];
        if (responses[key].$ref) steps.splice(0, steps.length, ...responses[key].$ref.slice(2).split('/'));
        const pointer = [...steps, 'content', 'application/json', 'schema']
            .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
            .join('/');
        const validate = this.#ajv.getSchema(`openapi#/${pointer}`);
        if (!validate) return `the response ${key} declares no JSON`;
        if (validate(json)) return undefined;
        return this.#ajv.errorsText(validate.errors.slice(0, 8), { dataVar: '', separator: '\n    ' });
    }

    // Follows a $ref, wherever one may stand.
    resolve(node) {
        while (node?.$ref) {
            node = node.$ref.slice(2).split('/')
                .reduce((at, step) => at?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], this.json);
        }
        return node;
    }

    // `parameters` is one schema for everything that may be sent, in the query or the body.
    #operation(path, method, definition) {
        const properties = {};
        for (const parameter of (definition.parameters ?? []).map((each) => this.resolve(each))) {
            if (parameter.in === 'query') properties[parameter.name.replace(/\[\]$/, '')] = parameter.schema;
        }
        const body = this.resolve(definition.requestBody)?.content?.['application/x-www-form-urlencoded']?.schema;
        Object.assign(properties, this.resolve(body)?.properties);
        return {
            id: definition.operationId,
            path,
            method: method.toUpperCase(),
            definition,
            pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`),
            holes: path.split('{').length,
            parameters: { properties },
        };
    }

    // expand[0] → expand[], metadata[color] → metadata[*], created[gt] → created[gt].
    parameterPath(operation, name) {
        const [first, ...rest] = name.split('[').map((segment) => segment.replace(/\]$/, ''));
        let [path, schema] = this.#step(operation?.parameters, first, first);
        for (const segment of rest) {
            let suffix;
            [suffix, schema] = this.#step(schema, segment, `[${/^\d*$/.test(segment) ? '' : segment}]`);
            path += suffix;
        }
        return path;
    }

    // One step down a schema: [how the step is written, the schema below it].
    #step(schema, segment, written) {
        for (const variant of this.#variants(schema)) {
            if (Object.hasOwn(variant.properties ?? {}, segment)) return [written, variant.properties[segment]];
            if (variant.items && /^\d*$/.test(segment)) return ['[]', variant.items];
            if (isMap(variant)) return ['[*]', variant.additionalProperties];
        }
        return [written, undefined];
    }

    // Every path that can be sent to an operation, in the notation of parameterPath().
    allParameters(operation) {
        return Object.entries(operation.parameters.properties)
            .flatMap(([name, schema]) => this.#leaves(schema, name));
    }

    #leaves(schema, path) {
        return this.#variants(schema).flatMap((variant) => {
            if (variant.properties) {
                return Object.entries(variant.properties)
                    .flatMap(([name, inner]) => this.#leaves(inner, `${path}[${name}]`));
            }
            if (variant.items) return this.#leaves(variant.items, `${path}[]`);
            if (isMap(variant)) return this.#leaves(variant.additionalProperties, `${path}[*]`);
            return [path];
        });
    }

    // A schema, or the alternatives of which it is one.
    #variants(schema) {
        schema = this.resolve(schema);
        const alternatives = schema?.anyOf ?? schema?.oneOf;
        return alternatives ? alternatives.flatMap((each) => this.#variants(each)) : schema ? [schema] : [];
    }
}

function isMap(schema) {
    return typeof schema.additionalProperties === 'object';
}

// A copy in which an object has no other members than the declared ones: documents leave that open,
// but an undeclared member is a mistake here.
function closed(node) {
    if (Array.isArray(node)) return node.map(closed);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
    if (copy.type === 'object' && copy.properties && !('additionalProperties' in copy) && !copy.allOf) {
        copy.additionalProperties = false;
    }
    return copy;
}

// Called by client.js with each exchange: {method, url, requestHeaders, body, status, headers, text, json}.
export async function check(server, exchange) {
    const { method, url, headers } = exchange;
    if (!['GET', 'POST', 'DELETE'].includes(method)) return;
    const version = headers.get('stripe-version') ?? exchange.requestHeaders.get('stripe-version') ?? '';
    const openapi = await document(server, version);
    const operation = openapi.find(method, url.pathname);
    if (!operation && !url.pathname.startsWith('/v1/')) return;

    note(openapi, operation, version, exchange);
    const problem = violation(openapi, operation, exchange);
    if (!problem) return;
    const report = `${method} ${url.pathname}${url.search} (${version || 'no version'}): ${problem}\n` +
        `  sent ${exchange.body || 'no body'}\n  got ${exchange.status} ${exchange.text}`;
    server.violations.push(report);
    throw new Error(report);
}

function violation(openapi, operation, { url, status, headers, json }) {
    if (!url.pathname.startsWith('/v1/')) {
        // Our own operations beside Stripe's need not answer JSON.
        return json === undefined ? undefined : openapi.differences(operation, status, json);
    }
    const type = headers.get('content-type');
    if (status < 300 && operation?.definition.responses[200].content['text/csv']) {
        return type.startsWith('text/csv') ? undefined : `the content type is ${type}`;
    }
    if (type !== 'application/json') return `the content type is ${type}`;
    if (json === undefined) return 'the body is not JSON';
    if ('error' in json !== status >= 400) return `status ${status} ${'error' in json ? 'with' : 'without'} an error`;
    // Stripe answers a bad key without a request id.
    if (status !== 401 && !/^req_\w+$/.test(headers.get('request-id'))) return 'there is no Request-Id';
    if (!operation && status < 400) return 'the operation is not in the document';
    // An unknown path has no operation, but errors look the same everywhere.
    return openapi.differences(operation ?? openapi.operations[0], status, json);
}

// A line for coverage.js: what was sent, in the notation of Document.parameterPath(), and what came of it.
function note(openapi, operation, version, { url, body, status, json }) {
    if (!process.env.COUPOND_COVERAGE) return;
    const names = [...url.searchParams.keys(), ...new URLSearchParams(body).keys()];
    const params = [...new Set(names.map((name) => openapi.parameterPath(operation, name)))];
    const line = { version, operationId: operation?.id ?? null, params, status, code: json?.error?.code ?? null };
    appendFileSync(process.env.COUPOND_COVERAGE, `${JSON.stringify(line)}\n`);
}
