// SIGTERM in the middle of a write load: what was acknowledged is there, nobody is left without an answer, and the
// server ends by itself.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newKey } from '../lib/client.js';
import { Requests } from '../lib/requests.js';
import { start } from '../lib/server.js';

const CLIENTS = 16;

test('a server that is stopped under load answers everybody and loses nothing', async () => {
    const data = mkdtempSync(join(tmpdir(), 'coupond-stop-'));
    const key = newKey();
    for (let round = 0; round < 5; round++) {
        const server = await start({ data });
        const requests = new Requests(server, CLIENTS);
        const acknowledged = [];
        let stopping = false;
        let failure;
        const client = async () => {
            for (;;) {
                let answer;
                try {
                    answer = await requests.send({ method: 'POST', path: '/v1/coupons', fields: { percent_off: 10 }, key });
                } catch (error) {
                    assert(stopping, String(error)); // the connection was closed between two requests
                    return;
                }
                if (stopping && answer.status === 503) return;
                assert.equal(answer.status, 200, answer.text);
                acknowledged.push(JSON.parse(answer.text).id);
            }
        };
        const clients = Array.from({ length: CLIENTS }, () => client().catch((error) => { failure ??= error; }));
        while (acknowledged.length < 200 && !failure) await new Promise((done) => { setImmediate(done); });
        stopping = true;
        await server.stop(); // fails when the process does not end with status 0
        await Promise.all(clients);
        assert.ifError(failure);
        requests.close();
        await server.restart();
        const again = new Requests(server, CLIENTS);
        for (const id of acknowledged) {
            assert.equal((await again.send({ path: `/v1/coupons/${id}`, key })).status, 200, id);
        }
        again.close();
        await server.stop();
    }
    rmSync(data, { recursive: true });
});
