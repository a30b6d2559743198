// How tests talk to the server: the official SDK, or plain HTTP where the wire itself matters. Every
// answer is checked against the server's OpenAPI document (contract.js) unless `contract: false`.
import { randomBytes } from 'node:crypto';
import Stripe from 'stripe';
import { check } from './contract.js';

// In --dev mode each key opens its own empty account, which is all the isolation a test needs.
export function newKey() {
    return `sk_test_${randomBytes(16).toString('hex')}`;
}

// The official SDK, pointed at the server. `Sdk` may be the class of another release.
export function stripe(server, { key = newKey(), apiVersion, contract = true, Sdk = Stripe, ...config } = {}) {
    const recording = async (url, init) => {
        const response = await fetch(url, init);
        if (contract) {
            const text = await response.clone().text();
            await check(server, { ...describe(url, init), ...received(response, text) });
        }
        return response;
    };
    return new Sdk(key, {
        host: server.host,
        port: server.port,
        protocol: 'http',
        apiVersion,
        httpClient: Sdk.createFetchHttpClient(recording),
        maxNetworkRetries: 0,
        telemetry: false,
        ...config,
    });
}

// One HTTP request: raw(server, {method: 'POST', path: '/v1/coupons', form: {percent_off: 10}, key}).
// `form` becomes the body of a POST and the query of anything else; `body` and `headers` are sent as they
// are; `version` is the Stripe-Version. Answers {status, headers, text, json}.
export async function raw(server, request) {
    const { method = 'GET', form: fields, body, headers = {}, key, version, contract = true } = request;
    const encoded = fields && form(fields);
    const inQuery = encoded && method !== 'POST';
    const path = inQuery ? `${request.path}${request.path.includes('?') ? '&' : '?'}${encoded}` : request.path;
    const init = {
        method,
        headers: {
            ...(key && { authorization: `Bearer ${key}` }),
            ...(version && { 'stripe-version': version }),
            ...(encoded && !inQuery && { 'content-type': 'application/x-www-form-urlencoded' }),
            ...headers,
        },
        body: body ?? (inQuery ? undefined : encoded),
        signal: AbortSignal.timeout(60_000),
    };
    const response = await fetch(server.url + path, init);
    const answer = received(response, await response.text());
    if (contract) await check(server, { ...describe(server.url + path, init), ...answer });
    return answer;
}

// {a: {b: [1, 2]}} → a[b][0]=1&a[b][1]=2, as SDKs do it: null is empty, undefined is left out.
export function form(fields) {
    return pairs(fields, '').map(([name, value]) => `${escape(name)}=${encodeURIComponent(value)}`).join('&');
}

function pairs(value, name) {
    if (value === undefined) return [];
    if (value === null || typeof value !== 'object') return [[name, value ?? '']];
    return Object.entries(value).flatMap(([key, inner]) => pairs(inner, name ? `${name}[${key}]` : key));
}

function escape(name) {
    return encodeURIComponent(name).replaceAll('%5B', '[').replaceAll('%5D', ']');
}

function describe(url, { method = 'GET', headers, body }) {
    return { method, url: new URL(url), requestHeaders: new Headers(headers), body: String(body ?? '') };
}

function received(response, text) {
    let json;
    try {
        json = JSON.parse(text);
    } catch {
        // Not every answer is JSON; the contract says which have to be.
    }
    return { status: response.status, headers: response.headers, text, json };
}
