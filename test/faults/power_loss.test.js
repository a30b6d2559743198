// Power cuts. A server's calls are recorded from its first start on; then its files are put together as they may be
// after a cut at any moment: what was synced, and of the rest nothing, all, or any sectors. A server on them starts, has
// everything that was acknowledged before the cut, and nothing that nobody asked for.
//
//   POWER_CUTS=5000 node --test test/faults/power_loss.test.js
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey } from '../lib/client.js';
import { FATES, filesAfter, readTrace, RECORD, recording } from '../lib/recorder.js';
import { Requests } from '../lib/requests.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const CUTS = Number(process.env.POWER_CUTS ?? 200);
const AT_A_TIME = 2;
const CLIENTS = 16;
const CODES = 40;
const REDEMPTIONS = 500; // of each of the two lives, enough for several checkpoints
const CAP = 20; // of every tenth code
const RESTS_MS = 300; // without requests, until nothing is under way that would not be recorded

const key = newKey();
const asked = new Set(); // the client's references
let directory, records;

const send = (requests, path, fields) =>
    requests.send({ method: 'POST', path, fields, key, idempotencyKey: randomUUID() });

async function prepare(server) {
    const requests = new Requests(server, 1);
    const { status, text } = await send(requests, '/v1/coupons', { id: 'SALE', percent_off: 10, duration: 'once' });
    assert.equal(status, 200, text);
    for (let i = 0; i < CODES; i++) {
        const fields = { code: `CODE${i}`, promotion: { type: 'coupon', coupon: 'SALE' }, ...(i % 10 ? {} : { max_redemptions: CAP }) };
        assert.equal((await send(requests, '/v1/promotion_codes', fields)).status, 200);
    }
    requests.close();
}

async function redeem(server) {
    const requests = new Requests(server, CLIENTS);
    let left = REDEMPTIONS;
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
        while (left-- > 0) {
            const reference = randomUUID();
            asked.add(reference);
            const fields = { code: `CODE${randomInt(CODES)}`, amount: 1000, currency: 'usd', client_reference_id: reference };
            const { status, text } = await send(requests, '/v1/redemptions', fields);
            assert(status === 200 || status === 400, text);
        }
    }));
    requests.close();
}

before(async () => {
    directory = temporaryDirectory();
    const data = join(directory, 'recorded'), trace = join(directory, 'trace');
    const server = await start({ data, env: recording(data, trace) });
    await prepare(server);
    await redeem(server);
    await server.restart();
    await redeem(server);
    await sleep(RESTS_MS);
    await server.kill9();
    records = readTrace(trace);
});

// Ids in answers that had been sent before record number `end`.
function acknowledged(end) {
    const ids = new Set();
    for (const { kind, data } of records.slice(0, end)) {
        if (kind !== RECORD.send) continue;
        for (const [, id] of data.toString('latin1').matchAll(/"id": "((?:rdm|promo)_\w+)"/g)) ids.add(id);
    }
    return ids;
}

async function everything(server, path) {
    const requests = new Requests(server, 1), all = [];
    for (let after = '', more = true; more;) {
        const { status, text } = await requests.send({ path: `${path}?limit=100${after}`, key });
        assert.equal(status, 200, text);
        const { data, has_more } = JSON.parse(text);
        all.push(...data);
        after = `&starting_after=${data.at(-1)?.id}`;
        more = has_more;
    }
    requests.close();
    return all;
}

// Ids that were acknowledged and are not there, when a server starts on these files.
async function missing(files, end) {
    const data = join(directory, randomUUID());
    mkdirSync(data, { mode: 0o700 });
    for (const [path, bytes] of files) writeFileSync(join(data, path), bytes, { mode: 0o600 });
    const server = await start({ data });
    const redemptions = await everything(server, '/v1/redemptions');
    const codes = await everything(server, '/v1/promotion_codes');
    await server.stop();
    const { status, stdout, stderr } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, stdout + stderr);
    for (const { id, client_reference_id } of redemptions) assert(asked.has(client_reference_id), `nobody asked for ${id}`);
    for (const { code, times_redeemed, max_redemptions } of codes) {
        assert(times_redeemed <= (max_redemptions ?? Infinity), `${code} was redeemed ${times_redeemed} times`);
    }
    rmSync(data, { recursive: true, force: true });
    const there = new Set([...redemptions, ...codes].map(({ id }) => id));
    return [...acknowledged(end)].filter((id) => !there.has(id));
}

test('what was recorded is what is on the disk', () => {
    const data = join(directory, 'recorded'), files = filesAfter(records, records.length);
    const names = readdirSync(data).filter((name) => !name.endsWith('-shm') && files.has(name));
    assert(names.includes('coupond.db') && names.includes('coupond.db-wal'), names.join(' '));
    for (const name of names) assert(files.get(name).equals(readFileSync(join(data, name))), `${name} differs`);
    assert(acknowledged(records.length).size > CODES + REDEMPTIONS, 'answers are in the record');
});

test('after a power cut everything acknowledged is there', { timeout: 1_800_000 }, async (t) => {
    const fates = Object.keys(FATES);
    let n = 0;
    const cutAll = async () => {
        for (let i = n++; i < CUTS; i = n++) {
            const end = randomInt(records.length + 1), fate = fates[i % fates.length], strict = i % 2 === 0;
            const files = filesAfter(records, end, { fate: FATES[fate], random: (below) => randomInt(below), strict });
            const lost = await missing(files, end).catch((error) => {
                throw new Error(`cut before record ${end} of ${records.length}, ${fate}, strict: ${strict}`, { cause: error });
            });
            assert.deepEqual(lost, [], `cut before record ${end} of ${records.length}, ${fate}, strict: ${strict}`);
        }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, cutAll));
    t.diagnostic(`${CUTS} power cuts in ${records.length} calls, ${acknowledged(records.length).size} answers acknowledged`);
});

test('the check notices a log that was not synced', async () => {
    const unsynced = records.filter(({ kind, path }) => kind !== RECORD.sync || !path.endsWith('-wal'));
    let lost = 0;
    for (let i = 10; i < 20 && !lost; i++) { // checkpoints sync the database, after which nothing is lost
        const last = records[Math.floor((records.length * i) / 20)], end = unsynced.indexOf(last);
        if (end < 0) continue;
        lost = (await missing(filesAfter(unsynced, end, { fate: FATES.nothing }), records.indexOf(last))).length;
    }
    assert(lost > 0);
});
