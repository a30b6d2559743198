// kill -9 in the middle of a batch, again and again: at the end there are exactly as many codes as were asked
// for, none of them twice, and every one of them counts its uses.
//
//   BATCH_CODES=1000000 node --test test/faults/batches.test.js
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey } from '../lib/client.js';
import { Requests } from '../lib/requests.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const COUNT = Number(process.env.BATCH_CODES ?? 50_000);
const KILLS = 5; // each after another sixth of the codes
const PATIENCE = 300_000; // milliseconds

const key = newKey();

async function send(server, request) {
    const requests = new Requests(server, 1);
    const { status, text } = await requests.send({ key, ...request });
    requests.close();
    assert.equal(status, 200, text);
    return text;
}

// Looks until the batch has that many codes; answers how many it has.
async function reaches(server, path, generated) {
    for (const deadline = Date.now() + PATIENCE; ;) {
        const batch = JSON.parse(await send(server, { path }));
        if (batch.generated >= generated) return batch;
        assert(['pending', 'generating'].includes(batch.status), batch.status);
        assert(Date.now() < deadline, `the batch has only ${batch.generated} codes`);
        await sleep(2);
    }
}

test('a batch that is interrupted goes on and has every code once', { timeout: PATIENCE * 2 }, async (t) => {
    const data = temporaryDirectory();
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    await send(server, { method: 'POST', path: '/v1/coupons', fields: { id: 'TEN', percent_off: 10 } });
    const fields = {
        promotion: { type: 'coupon', coupon: 'TEN' }, count: COUNT, pattern: 'SUMMER-####-####', check_character: true,
    };
    const text = await send(server, { method: 'POST', path: '/v1/promotion_code_batches', fields });
    const path = `/v1/promotion_code_batches/${JSON.parse(text).id}`;
    const seen = [];
    for (let i = 1; i <= KILLS; i++) {
        seen.push((await reaches(server, path, Math.floor(COUNT * i / (KILLS + 1)))).generated);
        await server.kill9();
        await server.restart();
        const { generated } = JSON.parse(await send(server, { path }));
        assert(generated >= seen.at(-1), `${seen.at(-1)} codes were told, ${generated} are there`);
    }
    assert(seen.some((generated) => generated < COUNT), 'the batch was always complete before: this tested nothing');

    const batch = await reaches(server, path, COUNT);
    assert.deepEqual([batch.status, batch.generated], ['complete', COUNT]);
    const lines = (await send(server, { path: `${path}/codes.csv` })).trim().split('\n').slice(1);
    assert.equal(lines.length, COUNT);
    for (const column of [0, 1]) {
        assert.equal(new Set(lines.map((line) => line.split(',')[column].toLowerCase())).size, COUNT);
    }
    const { data: events } = JSON.parse(await send(server, { path: '/v1/events?type=promotion_code_batch.completed' }));
    assert.equal(events.length, 1);
    await server.stop();

    const verified = coupond(['verify', '--data', data]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    console.log(`batches: ${COUNT} codes, killed at ${seen.join(', ')}`);
    rmSync(data, { recursive: true, force: true });
});
