// The processes that are measured: coupond on a data directory of its own, and the bare reply.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const built = join(root, 'build/bench');
export const binary = resolve(process.env.COUPOND ?? join(root, 'build/coupond'));
export const KEY = 'sk_test_bench';
export const COUPON = 'BENCH25';

const PATIENCE_MS = 30_000;
const SEED_LINES = 20_000; // to a request
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// For coupond and for the bare loop alike: their syncs are counted and, when asked for, delayed.
export function counted(syncs) {
    return { ...process.env, LD_PRELOAD: join(built, 'syncs.so'), BENCH_SYNCS: syncs };
}

export async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

// Starts coupond without waiting for it. It logs to a file, as it would in use.
export function spawnCoupond(directory, { port, dev = false, env = process.env }) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const log = openSync(`${directory}.log`, 'a');
    const line = ['serve', '--listen', `127.0.0.1:${port}`, '--data', directory, ...(dev ? ['--dev'] : [])];
    const child = spawn(binary, line, { env, stdio: ['ignore', 'ignore', log] });
    closeSync(log);
    running.add(child);
    return child;
}

async function answers(child, port, log) {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(5)) {
        if (child.exitCode !== null || child.signalCode !== null) break;
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
        if (answer?.ok) return;
    }
    throw new Error(`coupond did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
}

// SIGTERM, which has to end it cleanly.
export async function stop(child) {
    if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
    }
    running.delete(child);
    if (child.exitCode !== 0) throw new Error(`a server ended with ${child.signalCode ?? `status ${child.exitCode}`}`);
}

export async function startCoupond(directory, { dev = false, syncs, env = {} } = {}) {
    const port = await freePort();
    const child = spawnCoupond(directory, { port, dev, env: { ...(syncs ? counted(syncs) : process.env), ...env } });
    await answers(child, port, `${directory}.log`);
    return { directory, port, pid: child.pid, syncs, stop: () => stop(child) };
}

// A server of this directory's, which prints its port and serves until its standard input ends.
export async function startBare(program, args = [], syncs = undefined) {
    const env = syncs ? counted(syncs) : process.env;
    const child = spawn(join(built, program), args.map(String), { env, stdio: ['pipe', 'pipe', 'inherit'] });
    running.add(child);
    const [port] = await once(child.stdout.setEncoding('utf8'), 'data');
    const end = () => {
        child.stdin.end();
        return once(child, 'exit').then(() => running.delete(child));
    };
    return { port: Number(port), pid: child.pid, syncs, stop: end };
}

async function post(server, path, body, headers = {}) {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
}

// Scattered over the index as codes are, and different for different i.
export const code = (i) => `SAVE${(Math.imul(i, 2654435761) >>> 0).toString(36).padStart(7, '0')}`.toUpperCase();
export const codeId = (i) => `promo_1Bench${String(i).padStart(12, '0')}`;

// A data directory with one coupon and `count` promotion codes for it, all of the account of KEY.
export async function fill(directory, count) {
    const server = await startCoupond(directory, { dev: true });
    await post(server, '/v1/coupons', new URLSearchParams({ id: COUPON, percent_off: '25', name: 'Launch' }));
    const promotion = { type: 'coupon', coupon: COUPON };
    for (let from = 0; from < count; from += SEED_LINES) {
        const lines = [];
        for (let i = from; i < Math.min(from + SEED_LINES, count); i++) {
            const line = { object: 'promotion_code', id: codeId(i), code: code(i), active: true, promotion };
            lines.push(JSON.stringify(line));
        }
        await post(server, '/_dev/seed', lines.join('\n'), { 'content-type': 'application/x-ndjson' });
    }
    await server.stop();
    return directory;
}

// The same with one promotion code made by POST with an Idempotency-Key, which loop.c takes as its pattern.
export async function fillPattern(directory) {
    await fill(directory, 0);
    const server = await startCoupond(directory, { dev: true });
    const form = { 'promotion[type]': 'coupon', 'promotion[coupon]': COUPON, code: 'SAVEPATTERN00000' };
    await post(server, '/v1/promotion_codes', new URLSearchParams(form), {
        'idempotency-key': '0f8fad5b-d9cb-469f-a165-70867728950e',
    });
    await server.stop();
    return directory;
}

// The same as fill() with one redemption made by POST with an Idempotency-Key, which redeem_loop.c takes as its pattern.
export async function addRedemption(directory, form) {
    const server = await startCoupond(directory, { dev: true });
    await post(server, '/v1/redemptions', form, { 'idempotency-key': '0f8fad5b-d9cb-469f-a165-70867728950e' });
    await server.stop();
}

// Requests for load.c, which replaces @ by random letters.
export function writeRequests(path, requests) {
    const texts = requests.map(({ method = 'GET', target, form = '', headers = {} }) => {
        const all = { Host: '127.0.0.1', 'User-Agent': 'Stripe/v1', Authorization: `Bearer ${KEY}`, ...headers };
        if (form) {
            all['Content-Type'] = 'application/x-www-form-urlencoded';
            all['Content-Length'] = form.length;
        }
        const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
        return `${method} ${target} HTTP/1.1\r\n${head.join('')}\r\n${form}`;
    });
    writeFileSync(path, texts.map((text) => `${text}\0`).join(''));
    return path;
}

// Runs load.c or loop.c to its end and returns what it measured, per request where that makes sense.
export function measure(program, args, env = process.env) {
    const result = spawnSync(join(built, program), args.map(String), { encoding: 'utf8', env });
    if (result.error) throw result.error;
    if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`);
    const { requests, seconds, cpu_us, p50_us, p99_us, syncs } = JSON.parse(result.stdout);
    return {
        rate: requests / seconds,
        cpu: cpu_us / requests,
        p50: p50_us,
        p99: p99_us,
        syncs: syncs / seconds,
        batch: syncs ? requests / syncs : 0,
    };
}

export function residentMegabytes(pid) {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}
