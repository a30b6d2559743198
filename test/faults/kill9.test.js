// kill -9 under load, again and again on the same data. What was acknowledged is there; what was not
// answered is found out by sending it again under its idempotency key; counters and caps stay exact.
// This shows atomicity and recovery; that commits reach the disk is not for kill -9 to show, because
// the operating system's cache outlives the process.
//
//   KILL_CYCLES=200 node --test test/faults/kill9.test.js
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey } from '../lib/client.js';
import { Requests } from '../lib/requests.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const CYCLES = Number(process.env.KILL_CYCLES ?? 50);
const CLIENTS = 16;
const CAP = 60; // of each cycle's coupon: sometimes reached, sometimes not
const LIFE_MS = [20, 150];
const RESTART_MS_MAX = 1000; // to the first correct answer: a promise
const REPLAYED_PER_CYCLE = 40;
const OLD = '2025-02-24.acacia'; // the last version in which customers take coupons

const key = newKey();
const total = { cycles: 0, acknowledged: 0, resent: 0, restartMs: 0 };

// A request that changes something, under a key of its own.
function newWrite(cycle, n) {
    const write = n % 3 === 0
        ? { path: '/v1/customers', version: OLD, fields: { coupon: cycle.coupon, name: `${cycle.coupon} ${n}` } }
        : {
            path: '/v1/promotion_codes',
            fields: { promotion: { type: 'coupon', coupon: 'FOREVER' }, code: `${cycle.coupon}-${n}` },
        };
    return { ...write, method: 'POST', key, idempotencyKey: randomUUID() };
}

// Writes until the server is gone. A write that was not answered is noted too.
async function load(requests, cycle) {
    while (!cycle.over) {
        const write = newWrite(cycle, cycle.writes.length);
        cycle.writes.push(write);
        try {
            write.answer = await requests.send(write);
        } catch {
            return;
        }
    }
}

async function runUntilKilled(server, cycle) {
    const requests = new Requests(server, CLIENTS);
    const clients = Array.from({ length: CLIENTS }, () => load(requests, cycle));
    await sleep(randomInt(...LIFE_MS));
    await server.kill9();
    cycle.over = true;
    await Promise.all(clients);
    requests.close();
}

async function restart(server) {
    const begin = performance.now();
    await server.restart();
    const requests = new Requests(server, 1);
    const { status, text } = await requests.send({ path: '/v1/coupons/FOREVER', key });
    const ms = performance.now() - begin;
    requests.close();
    assert.equal(status, 200, text);
    assert.equal(JSON.parse(text).percent_off, 5);
    assert(ms < RESTART_MS_MAX, `${Math.round(ms)} ms from start to the first answer`);
    total.restartMs = Math.max(total.restartMs, ms);
}

// 200, or the refusal of a coupon that is used up.
function isDefinite({ status, text }) {
    return status === 200 || (status === 400 && JSON.parse(text).error.code === 'coupon_expired');
}

async function resolveUnanswered(requests, cycle) {
    const unanswered = cycle.writes.filter((write) => !write.answer);
    for (const write of unanswered) {
        write.answer = await requests.send(write);
        assert(isDefinite(write.answer), `sent again: ${write.answer.status} ${write.answer.text}`);
    }
    total.resent += unanswered.length;
    return unanswered;
}

// A customer shows its coupon as it is now, not as it was.
function withoutCounts(text) {
    const object = JSON.parse(text);
    if (object.discount) {
        delete object.discount.coupon.times_redeemed;
        delete object.discount.coupon.valid;
    }
    return object;
}

async function isThere(requests, write) {
    const { id } = JSON.parse(write.answer.text);
    const { status, text } = await requests.send({ path: `${write.path}/${id}`, key, version: write.version });
    assert.equal(status, 200, `${id} was acknowledged and is gone: ${text}`);
    assert.deepEqual(withoutCounts(text), withoutCounts(write.answer.text));
}

async function isReplayed(requests, write) {
    const { status, headers, text } = await requests.send(write);
    assert.equal(headers['idempotent-replayed'], 'true', `${write.idempotencyKey} was executed again`);
    assert.deepEqual({ status, text }, { status: write.answer.status, text: write.answer.text });
}

async function inParallel(items, each) {
    const queue = items.values();
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
        for (const item of queue) await each(item);
    }));
}

async function check(server, cycle) {
    const requests = new Requests(server, CLIENTS);
    for (const { answer } of cycle.writes) assert(!answer || isDefinite(answer), `${answer?.status} ${answer?.text}`);
    const acknowledged = cycle.writes.filter(({ answer }) => answer?.status === 200);
    const resent = await resolveUnanswered(requests, cycle);
    await inParallel(cycle.writes.filter(({ answer }) => answer.status === 200), (write) => isThere(requests, write));
    await inParallel([...resent, ...acknowledged].slice(0, REPLAYED_PER_CYCLE), (write) => isReplayed(requests, write));

    const redeemed = cycle.writes.filter(({ path, answer }) => path === '/v1/customers' && answer.status === 200);
    const coupon = JSON.parse((await requests.send({ path: `/v1/coupons/${cycle.coupon}`, key })).text);
    assert(coupon.times_redeemed <= CAP);
    assert.equal(coupon.times_redeemed, redeemed.length, 'redemptions counted, and acknowledged');
    requests.close();
    total.acknowledged += acknowledged.length;
    return cycle.writes.filter(({ answer }) => answer.status === 200);
}

async function create(server, fields) {
    const requests = new Requests(server, 1);
    const { status, text } = await requests.send({ method: 'POST', path: '/v1/coupons', fields, key });
    requests.close();
    assert.equal(status, 200, text);
}

// All codes and customers of the account, by id, from the lists.
async function everything(server) {
    const requests = new Requests(server, 1);
    const found = new Map();
    for (const path of ['/v1/promotion_codes', '/v1/customers']) {
        for (let after = '', more = true; more;) {
            const { text } = await requests.send({ path: `${path}?limit=100${after}`, key, version: OLD });
            const { data, has_more } = JSON.parse(text);
            for (const object of data) {
                assert(!found.has(object.id), `${object.id} is listed twice`);
                found.set(object.id, object);
            }
            after = `&starting_after=${data.at(-1)?.id}`;
            more = has_more;
        }
    }
    requests.close();
    return found;
}

test('nothing that was acknowledged is lost when the server is killed under load', { timeout: 600_000 }, async (t) => {
    const data = temporaryDirectory();
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    await create(server, { id: 'FOREVER', percent_off: 5 });
    const kept = [];
    for (let i = 0; i < CYCLES; i++) {
        const cycle = { coupon: `CYCLE${i}`, writes: [], over: false };
        await create(server, { id: cycle.coupon, percent_off: 10, max_redemptions: CAP });
        await runUntilKilled(server, cycle);
        await restart(server);
        kept.push(...await check(server, cycle));
        total.cycles++;
    }
    const found = await everything(server);
    for (const { answer } of kept) assert(found.has(JSON.parse(answer.text).id));
    assert.equal(found.size, kept.length, 'objects that exist, and that were asked for');
    await server.stop();

    const { status, stdout, stderr } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, stdout + stderr);
    assert(total.acknowledged > total.cycles, 'hardly anything was acknowledged: this tested nothing');
    assert(total.resent > 0, 'no request was ever interrupted: this tested nothing');
    console.log(`kill9: ${total.cycles} cycles, ${total.acknowledged} acknowledged, ${total.resent} sent again, `
        + `restart at most ${Math.round(total.restartMs)} ms`);
    rmSync(data, { recursive: true, force: true });
});
