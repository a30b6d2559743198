// No space left: changes are refused, reading goes on, nothing that was acknowledged is lost, and changes
// work again when there is space. The disk is a tmpfs of 8 MiB, which takes root to mount.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey } from '../lib/client.js';
import { card, open, press } from '../lib/pages.js';
import { Requests } from '../lib/requests.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const DISK_BYTES = 8 << 20;
const BALLAST_BYTES = 3 << 20; // removed to make space
const PATIENCE_MS = 5000; // from space to the first change: a promise
const VALUE = 'x'.repeat(500);

const disk = temporaryDirectory();
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'tmpfs', disk],
    { encoding: 'utf8' });
const skip = mounted.status === 0 ? false : `cannot mount a small disk: ${mounted.stderr ?? mounted.error}`;
if (skip) console.error(`full_disk.test.js: SKIPPED, ${skip}`);
after(() => {
    if (!skip) spawnSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true, force: true });
});

const key = newKey();
let requests;

function write(n) {
    const metadata = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, VALUE]));
    return requests.send({
        method: 'POST', path: '/v1/coupons', fields: { id: `C${n}`, percent_off: 5, metadata }, key,
        idempotencyKey: `write ${n}`,
    });
}

function read(id) {
    return requests.send({ path: `/v1/coupons/${id}`, key });
}

function isRefusedForSpace({ status, text }) {
    assert.equal(status, 503, text);
    const { error } = JSON.parse(text);
    assert.equal(error.type, 'api_error');
}

async function fillUp(acknowledged) {
    for (let n = 0; ; n++) {
        assert(n < 10_000, 'the disk never became full');
        const answer = await write(n);
        if (answer.status !== 200) return { n, answer };
        acknowledged.set(`C${n}`, answer.text);
    }
}

// With the smallest change that there is.
async function fillRest(acknowledged) {
    for (let n = 0; ; n++) {
        assert(n < 10_000, 'the disk never became full');
        const fields = { id: `SMALL${n}`, percent_off: 5 };
        const answer = await requests.send({ method: 'POST', path: '/v1/coupons', fields, key });
        if (answer.status !== 200) return answer;
        acknowledged.set(fields.id, answer.text);
    }
}

async function allAreThere(acknowledged) {
    for (const [id, text] of acknowledged) {
        const answer = await read(id);
        assert.equal(answer.status, 200, `${id}: ${answer.text}`);
        assert.equal(answer.text, text);
    }
}

// The address of a page on which something is bought.
async function checkout() {
    const line_items = [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 1000, product_data: { name: 'Thing' } } }];
    const fields = { mode: 'payment', success_url: 'https://shop.example/done', line_items };
    const { status, text } = await requests.send({ method: 'POST', path: '/v1/checkout/sessions', fields, key });
    assert.equal(status, 200, text);
    return JSON.parse(text).url;
}

async function isToldToBuyer(url) {
    const shown = await open(url);
    assert.equal(shown.status, 200, 'looking needs no space');
    const { status, headers, html } = await press(url, shown, 'pay', { ...card, email: 'buyer@example.com' });
    assert.deepEqual([status, headers.get('content-type')], [503, 'text/html; charset=utf-8'], html);
    assert(headers.get('content-security-policy') && headers.get('retry-after'));
    assert.match(html, /<h1>This did not work<\/h1>\s*<p>Nothing was changed\. Please try again/);
}

async function readiness() {
    return (await requests.send({ path: '/readyz', key })).status;
}

test('on a full disk changes are refused and nothing is lost', { skip, timeout: 120_000 }, async (t) => {
    const ballast = join(disk, 'ballast');
    const data = join(disk, 'data');
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
    mkdirSync(data, { mode: 0o700 });
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    requests = new Requests(server, 4);
    const acknowledged = new Map();
    const page = await checkout();

    const { n, answer } = await fillUp(acknowledged);
    isRefusedForSpace(answer);
    isRefusedForSpace(await fillRest(acknowledged)); // or a change that is smaller may still fit
    assert(acknowledged.size > 10, `only ${acknowledged.size} fitted`);
    assert.equal(await readiness(), 503);
    await allAreThere(acknowledged);
    for (let more = 1; more <= 20; more++) isRefusedForSpace(await write(n + more));
    await allAreThere(acknowledged);
    assert.equal((await read(`C${n}`)).status, 404, 'a change that was refused is there');
    const preview = await requests.send({ method: 'POST', path: '/v1/redemptions/preview', fields: { code: 'NONE' }, key });
    assert.equal(preview.status, 200, `${preview.text}: an answer that needs no space but for its attempt`);

    await isToldToBuyer(page);

    rmSync(ballast);
    const deadline = Date.now() + PATIENCE_MS;
    let again;
    while ((again = await write(n)).status !== 200) {
        assert(Date.now() < deadline, `still refused with space: ${again.status} ${again.text}`);
        await sleep(50);
    }
    acknowledged.set(`C${n}`, again.text);
    assert.equal(await readiness(), 200);
    await allAreThere(acknowledged);
    const paid = await press(page, await open(page), 'pay', { ...card, email: 'buyer@example.com' });
    assert.equal(paid.status, 303, paid.html);

    requests.close();
    await server.stop();
    const { status, stdout, stderr } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, stdout + stderr);
});

test('a server that is killed on a full disk starts again when there is space', { skip, timeout: 120_000 }, async (t) => {
    const ballast = join(disk, 'ballast');
    const data = join(disk, 'killed');
    rmSync(join(disk, 'data'), { recursive: true, force: true });
    writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
    mkdirSync(data, { mode: 0o700 });
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    requests = new Requests(server, 4);
    const acknowledged = new Map();
    isRefusedForSpace((await fillUp(acknowledged)).answer);
    await server.kill9();
    requests.close();

    rmSync(ballast);
    await server.restart();
    requests = new Requests(server, 4);
    await allAreThere(acknowledged);
    assert.equal((await write('after')).status, 200);
    requests.close();
    await server.stop();
    assert.equal(coupond(['verify', '--data', data]).status, 0);
});
