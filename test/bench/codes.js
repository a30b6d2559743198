// A million codes: generated while others write, read as CSV, imported from CSV; seconds and bytes on the disk.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, COUPON, fill, KEY, residentMegabytes, startCoupond } from './servers.js';

const COUNT = Number(process.env.BENCH_BATCH ?? 1_000_000);
const PAUSE_MS = 5; // between the writes of others

const promotion = { 'promotion[type]': 'coupon', 'promotion[coupon]': COUPON };
const number = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });

async function ask(server, path, fields) {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: fields ? 'POST' : 'GET',
        body: fields && new URLSearchParams(fields),
        headers: { authorization: `Bearer ${KEY}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
}

// Seconds until every code is on the disk, and how long other writes took meanwhile.
async function generate(server) {
    const begin = performance.now(), waits = [];
    let batch = await (await ask(server, '/v1/promotion_code_batches', { ...promotion, count: COUNT })).json();
    while (batch.generated < COUNT) {
        const sent = performance.now();
        await ask(server, '/v1/promotion_codes', promotion);
        waits.push(performance.now() - sent);
        await sleep(PAUSE_MS);
        batch = await (await ask(server, `/v1/promotion_code_batches/${batch.id}`)).json();
    }
    waits.sort((a, b) => a - b);
    return { batch, seconds: (performance.now() - begin) / 1000, waits };
}

async function readCsv(server, batch) {
    const begin = performance.now();
    const text = await (await ask(server, batch.url)).text();
    const lines = text.trimEnd().split('\n').slice(1);
    if (lines.length !== COUNT) throw new Error(`${lines.length} codes of ${COUNT}`);
    return { seconds: (performance.now() - begin) / 1000, codes: lines.map((line) => line.split(',')[1]) };
}

async function importCsv(server, file) {
    const begin = performance.now();
    const line = ['codes', 'import', file, '--coupon', COUPON, '--url', `http://127.0.0.1:${server.port}`];
    const child = spawn(binary, [...line, '--api-key', KEY], { stdio: ['ignore', 'inherit', 'pipe'] });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (part) => (text += part));
    const [status] = await once(child, 'close');
    if (status !== 0) throw new Error(`codes import: ${text}`);
    return (performance.now() - begin) / 1000;
}

// With a server on a new directory; answers what `run` does and by how much the database grew.
async function grown(directory, run) {
    const file = join(await fill(directory, 0), 'coupond.db'), before = statSync(file).size;
    const server = await startCoupond(directory);
    const result = await run(server);
    const megabytes = residentMegabytes(server.pid);
    await server.stop();
    return { ...result, megabytes, bytes: (statSync(file).size - before) / COUNT };
}

function row(what, { seconds, bytes }) {
    const size = bytes ? `${number(bytes)} bytes each` : '';
    return `${what.padEnd(28)}${number(seconds, 2).padStart(8)} s ${number(COUNT / seconds).padStart(12)} codes/s  ${size}`;
}

export async function measureCodes(directory) {
    const generated = await grown(join(directory, 'generated'), async (server) => {
        const result = await generate(server);
        return { ...result, csv: await readCsv(server, result.batch) };
    });
    // Not in the order of the index, as codes from elsewhere are not.
    const file = join(directory, 'codes.csv'), { codes } = generated.csv;
    codes.forEach((_, i) => {
        const j = Math.floor(Math.random() * codes.length);
        [codes[i], codes[j]] = [codes[j], codes[i]];
    });
    writeFileSync(file, `code\n${codes.join('\n')}\n`);
    const imported = await grown(join(directory, 'imported'), async (server) => ({
        seconds: await importCsv(server, file),
    }));
    const wait = (part) => number(generated.waits[Math.floor((generated.waits.length - 1) * part)], 1);
    const text = [
        row('generated', generated),
        row('read as CSV', generated.csv),
        row('imported from CSV', imported),
        `other writes meanwhile: p50 ${wait(0.5)} ms, p99 ${wait(0.99)} ms; ` +
            `memory at the end ${number(generated.megabytes, 1)} MB`,
    ].join('\n');
    return { count: COUNT, generated: generated.seconds, csv: generated.csv.seconds, text };
}
