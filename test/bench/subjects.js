// What is measured, each as {name, title, run(connections)}. Servers run side by side, so that rounds can alternate.
import { ftruncateSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import {
    code, codeId, counted, COUPON, fill, fillPattern, measure, startCoupond, startBare, writeRequests,
} from './servers.js';

const SYNCS_BYTES = 4096;
// How many different codes are asked for: as many of a million as of a thousand, so that what grows is the index and
// not what is wanted of it.
const TARGETS = 1000;

export function counterFile(path) {
    const file = openSync(path, 'w');
    ftruncateSync(file, SYNCS_BYTES);
    closeSync(file);
    return path;
}

// Numbers of codes, spread over all `size` of them.
export function some(size, targets = TARGETS) {
    const count = Math.min(targets, size);
    return Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

// prepare(directory, seconds, sizes, wanted) → {subjects, reading: Map of size → server, stop}
export async function prepare(directory, seconds, sizes, wanted) {
    const subjects = [], servers = [], reading = new Map();
    const path = (name) => join(directory, name);

    function load(name, title, server, requests, expected) {
        const file = writeRequests(path(`${name}.requests`), requests);
        const run = (connections) => {
            const line = [server.port, server.pid, connections, seconds, file, expected];
            return measure('load', server.syncs ? [...line, server.syncs] : line);
        };
        subjects.push({ name, title, run });
    }

    async function serve(name, count) {
        const data = await fill(path(name), count);
        const server = await startCoupond(data, { syncs: counterFile(path(`${name}.syncs`)) });
        servers.push(server);
        return server;
    }

    const reply = await startBare('reply');
    servers.push(reply);
    load('reply', 'bare libmicrohttpd reply', reply, [{ target: `/v1/coupons/${COUPON}` }], '"text"');

    if (['get', 'code', 'list', 'start'].some((name) => wanted.has(name))) {
        for (const size of sizes) reading.set(size, await serve(`codes-${size}`, size));
    }
    const first = reading.get(sizes[0]);
    if (wanted.has('get')) load('get', 'GET coupon', first, [{ target: `/v1/coupons/${COUPON}` }], `"${COUPON}"`);
    if (wanted.has('code')) {
        const requests = some(sizes[0]).map((i) => ({ target: `/v1/promotion_codes/${codeId(i)}` }));
        load('code', 'GET promotion code', first, requests, '"promo_1Bench');
    }
    if (wanted.has('list')) {
        for (const size of sizes) {
            const requests = some(size).map((i) => ({ target: `/v1/promotion_codes?code=${code(i)}` }));
            const title = `list by code, of ${size.toLocaleString('en')}`;
            load(`list-${size}`, title, reading.get(size), requests, '"promo_1Bench');
        }
    }
    if (wanted.has('post')) {
        const form = `promotion[type]=coupon&promotion[coupon]=${COUPON}&code=SAVE${'@'.repeat(12)}`;
        const headers = { 'Idempotency-Key': '@'.repeat(36) };
        const request = { method: 'POST', target: '/v1/promotion_codes', form, headers };
        load('post', 'POST promotion code', await serve('post', 0), [request], '"promo_');
    }
    if (wanted.has('loop')) {
        const data = await fillPattern(path('loop')), syncs = counterFile(path('loop.syncs'));
        const run = (batch) => measure('loop', [join(data, 'coupond.db'), batch, seconds, syncs], counted(syncs));
        subjects.push({ name: 'loop', title: 'bare loop, the same rows', run });
    }
    return { subjects, reading, stop: () => Promise.all(servers.map((server) => server.stop())) };
}
