// kill -9 while events are being made and delivered, again and again on the same data. Whatever committed
// reaches every endpoint, signed, at least once; nothing else does.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, stripe } from '../lib/client.js';
import { receive, until } from '../lib/receiver.js';
import { Requests } from '../lib/requests.js';
import { start, temporaryDirectory } from '../lib/server.js';

const CYCLES = 20;
const CLIENTS = 2;
const LIFE_MS = [20, 100];

const key = newKey();

// Makes products until the server is gone; answers the ids of those that were acknowledged.
async function load(requests) {
    const ids = [];
    for (;;) {
        try {
            const { status, text } = await requests.send({
                method: 'POST', path: '/v1/products', fields: { name: 'x' }, key,
            });
            assert.equal(status, 200, text);
            ids.push(JSON.parse(text).id);
        } catch (error) {
            if (error.code === 'ERR_ASSERTION') throw error;
            return ids;
        }
    }
}

async function runUntilKilled(server) {
    const requests = new Requests(server, CLIENTS);
    const clients = Array.from({ length: CLIENTS }, () => load(requests));
    await sleep(randomInt(...LIFE_MS));
    await server.kill9();
    const ids = (await Promise.all(clients)).flat();
    requests.close();
    return ids;
}

test('every event that committed is delivered although the server is killed', { timeout: 300_000 }, async (t) => {
    const data = temporaryDirectory();
    const server = await start({ data });
    const receiver = await receive((response) => setTimeout(() => response.end(), randomInt(5)));
    t.after(() => server.kill9()); // where the test has failed it still runs
    t.after(() => receiver.close());
    const client = stripe(server, { key });
    const endpoints = {};
    for (const path of ['/a', '/b']) {
        endpoints[path] = await client.webhookEndpoints.create({ enabled_events: ['*'], url: receiver.url(path) });
    }
    const acknowledged = [];
    let undelivered = 0;
    for (let i = 0; i < CYCLES; i++) {
        acknowledged.push(...await runUntilKilled(server));
        await server.restart();
        undelivered += (await client.events.list({ delivery_success: false, limit: 100 })).data.length;
    }
    assert(undelivered > 0, 'the server was never killed with deliveries to come: this tested nothing');

    await until(async () => (await client.events.list({ delivery_success: false })).data.length === 0);
    const events = new Map();
    for await (const event of client.events.list({ limit: 100 })) events.set(event.id, event);
    const products = new Set([...events.values()].map((event) => event.data.object.id));
    for (const id of acknowledged) assert(products.has(id), `there is no event of ${id}`);
    for (const [path, { secret }] of Object.entries(endpoints)) {
        const arrived = new Set(receiver.at(path).map(({ body, headers }) =>
            client.webhooks.constructEvent(body, headers['stripe-signature'], secret, 3600).id));
        for (const id of arrived) assert(events.has(id), `${id} was delivered and has never been`);
        assert.equal(arrived.size, events.size, 'events that are there, and that were delivered');
    }
    await server.stop();
    console.log(`webhooks: ${CYCLES} cycles, ${events.size} events, ${receiver.deliveries.length} deliveries`);
    rmSync(data, { recursive: true, force: true });
});
