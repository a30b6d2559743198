// One call to the disk fails: the n-th write, sync, truncation, open or read, for many n. Whatever the server makes of it
// (an error, or its end), it acknowledges nothing that is lost, and the next server on the same files has it all.
//
//   IO_ERRORS=1000 node --test test/faults/io_errors.test.js
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey } from '../lib/client.js';
import { failing } from '../lib/recorder.js';
import { Requests } from '../lib/requests.js';
import { binary, coupond, start, temporaryDirectory } from '../lib/server.js';

const FAULTS_PER_CALL = Number(process.env.IO_ERRORS ?? 25);
const REDEMPTIONS = 8;
const EX_CANTCREAT = 73, EX_IOERR = 74; // what a server may end with besides 0
const PATIENCE_MS = 20_000;
const { EIO, ENOSPC } = constants.errno;

const FAULTS = [['write', EIO], ['write', ENOSPC], ['sync', EIO], ['truncate', EIO], ['open', EIO], ['read', EIO]];

const key = newKey();
const directory = temporaryDirectory();
const prepared = join(directory, 'prepared');
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
after(() => rmSync(directory, { recursive: true, force: true }));

const redemption = (n) => ({
    method: 'POST', path: '/v1/redemptions', fields: { code: 'WELCOME', amount: 1000, currency: 'usd' }, key,
    idempotencyKey: `redemption ${n}`,
});

before(async () => {
    const server = await start({ data: prepared });
    const requests = new Requests(server, 1);
    for (const [path, fields] of [['/v1/coupons', { id: 'SALE', percent_off: 10, duration: 'once' }],
        ['/v1/promotion_codes', { code: 'WELCOME', promotion: { type: 'coupon', coupon: 'SALE' } }]]) {
        const { status, text } = await requests.send({ method: 'POST', path, fields, key });
        assert.equal(status, 200, text);
    }
    requests.close();
    await server.stop();
});

// Runs a server of which a call fails, until it ends or has been asked for everything. What it answered: by number.
async function runFailing(data, env) {
    const child = spawn(binary, ['serve', '--dev', '--listen', '127.0.0.1:0', '--data', data],
        { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'close');
    running.add(child);
    child.on('close', () => running.delete(child));
    const answers = new Map();
    let log = '', port;
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    while (!(port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1])) {
        if (await Promise.race([ended, sleep(5)])) break;
    }
    if (port) {
        const requests = new Requests({ host: '127.0.0.1', port }, 1);
        for (let n = 0; n < REDEMPTIONS && child.exitCode === null; n++) {
            const answered = requests.send(redemption(n)).catch(() => null);
            const answer = await Promise.race([answered, sleep(PATIENCE_MS, false, { ref: false })]);
            assert(answer !== false, `redemption ${n} was not answered\n${log}`);
            if (answer) answers.set(n, answer);
        }
        requests.close();
        child.kill('SIGTERM');
    }
    const end = await Promise.race([ended, sleep(PATIENCE_MS, null, { ref: false })]);
    if (!end) child.kill('SIGKILL');
    assert(end, `still running\n${log}`);
    const [status, signal] = end;
    assert.equal(signal, null, `ended by ${signal}\n${log}`);
    return { answers, status, happened: log.includes('recorder: a call fails'), log };
}

async function checkAfter(data, { answers, log }) {
    const server = await start({ data });
    const requests = new Requests(server, 1);
    for (let n = 0; n < REDEMPTIONS; n++) {
        const first = answers.get(n), again = await requests.send(redemption(n));
        if (first && first.status !== 200) assert(first.status >= 500, `${first.status} ${first.text}\n${log}`);
        assert.equal(again.status, 200, again.text);
        if (first?.status === 200) assert.equal(again.text, first.text, `redemption ${n} was acknowledged and is gone\n${log}`);
    }
    const { data: [code] } = JSON.parse((await requests.send({ path: '/v1/promotion_codes?code=WELCOME', key })).text);
    assert.equal(code.times_redeemed, REDEMPTIONS);
    requests.close();
    await server.stop();
    const { status, stdout, stderr } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, `${stdout}${stderr}\n${log}`);
}

for (const [call, errno] of FAULTS) {
    const name = Object.entries(constants.errno).find(([, number]) => number === errno)[0];
    test(`${name} from one ${call}`, { timeout: 1_800_000 }, async (t) => {
        const ends = new Map();
        for (let n = 1, faults = 0; faults < FAULTS_PER_CALL; n += 1 + Math.floor(n / 6), faults++) {
            const data = join(directory, `${call}-${errno}-${n}`);
            mkdirSync(data, { mode: 0o700 });
            cpSync(prepared, data, { recursive: true });
            const run = await runFailing(data, failing(data, call, n, errno));
            if (!run.happened) break; // it makes fewer calls than that
            assert([0, EX_CANTCREAT, EX_IOERR].includes(run.status), `status ${run.status}\n${run.log}`);
            ends.set(run.status, (ends.get(run.status) ?? 0) + 1);
            await checkAfter(data, run).catch((error) => {
                throw new Error(`${call} number ${n}`, { cause: error });
            });
            rmSync(data, { recursive: true, force: true });
        }
        assert(ends.size > 0, 'no call ever failed');
        t.diagnostic(`how the server ended: ${[...ends].map(([status, count]) => `${count} times ${status}`).join(', ')}`);
    });
}
