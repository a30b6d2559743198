// The benchmark: short rounds, every subject once in each, at every number of connections. See `run`.
import { spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join, resolve } from 'node:path';
import { measureClock } from './clock.js';
import { measureCodes } from './codes.js';
import { budgets, median, Samples, table } from './report.js';
import { measureRedemptions } from './redeem.js';
import { binary, built, residentMegabytes } from './servers.js';
import { measureStart } from './start.js';
import { prepare } from './subjects.js';

const NAMES = ['reply', 'get', 'code', 'list', 'post', 'loop', 'start', 'codes', 'clock'];
const ALONE = 'redeem'; // takes long, and has tables of its own
const CONNECTIONS = [1, 8, 64];
const STARTS = 5;
const SYNC_SAMPLES = 300;

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 1.2);
const sizes = (process.env.BENCH_CODES ?? '1000').split(/[ ,]+/).map(Number);
const delay = Number(process.env.BENCH_FSYNC_DELAY_MS ?? 0);

const wanted = new Set(process.argv.length > 2 ? process.argv.slice(2) : NAMES);
for (const name of wanted) {
    if (NAMES.includes(name) || name === ALONE) continue;
    console.error(`test/bench/run: no benchmark '${name}' in: ${NAMES.join(' ')} ${ALONE}`);
    process.exit(64);
}

const base = resolve(process.env.BENCH_DIRECTORY ?? built);
mkdirSync(base, { recursive: true });
const directory = mkdtempSync(join(base, 'data-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

function firstLine(command, ...args) {
    return spawnSync(command, args, { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';
}

// Appends and syncs, as a commit does; in microseconds.
function syncTimes() {
    const file = openSync(join(directory, 'probe'), 'w'), page = Buffer.alloc(4096, 'x'), times = [];
    for (let i = 0; i < SYNC_SAMPLES; i++) {
        writeSync(file, page);
        const begin = performance.now();
        fdatasyncSync(file);
        times.push((performance.now() - begin) * 1000);
    }
    closeSync(file);
    return times.sort((a, b) => a - b);
}

function printMachine() {
    const version = (library) => `${library} ${firstLine('pkg-config', '--modversion', library)}`;
    const libraries = ['sqlite3', 'libmicrohttpd', 'libsodium'].map(version).join(', ');
    const times = syncTimes(), micros = (part) => Math.round(times[Math.floor((times.length - 1) * part)]);
    const added = delay ? `, and ${delay} ms added to each` : '';
    console.log(`${firstLine(binary, '--version')}; Linux ${release()}, ${cpus().length} cores, ${cpus()[0].model}`);
    console.log(`${libraries}, ${firstLine('cc', '--version')}`);
    console.log(`fdatasync p50 ${micros(0.5)} µs, p99 ${micros(0.99)} µs${added}`);
    console.log(`${rounds} alternating rounds of ${seconds} s: median ± half of the way from smallest to largest`);
}

async function measureStarts(reading) {
    const starts = new Map();
    for (const [size, server] of wanted.has('start') ? reading : []) {
        const samples = [];
        for (let i = 0; i < STARTS; i++) samples.push(await measureStart(server.directory));
        starts.set(size, {
            milliseconds: samples.map((sample) => sample.milliseconds),
            megabytes: samples.map((sample) => sample.megabytes),
        });
    }
    return starts;
}

printMachine();
if (wanted.has(ALONE)) {
    await measureRedemptions(directory, { rounds, seconds, progress });
    process.exit(0);
}
progress('making databases');
const { subjects, reading, stop } = await prepare(directory, seconds, sizes, wanted);
const samples = new Samples();
for (let round = 0; round < rounds; round++) {
    for (const connections of CONNECTIONS) {
        for (const { name, title, run } of subjects) {
            progress(`round ${round + 1} of ${rounds}: ${title}, ${connections}`);
            samples.add(name, connections, run(connections));
        }
    }
}
const loaded = [...reading].map(([size, server]) => [size, residentMegabytes(server.pid)]);
progress('stopping and starting');
await stop();
const starts = await measureStarts(reading);
progress('making codes');
const codes = wanted.has('codes') ? await measureCodes(directory) : null;
progress('winding a clock');
const clock = wanted.has('clock') ? await measureClock(directory) : '';
progress('');

console.log(`\n${table(samples, subjects, CONNECTIONS)}\n`);
for (const [size, megabytes] of loaded) {
    const start = starts.get(size), middle = (what) => median(start[what]).toFixed(1);
    const idle = start ? `, idle ${middle('megabytes')} MB, first answer ${middle('milliseconds')} ms after start` : '';
    console.log(`coupond with ${size} codes: ${megabytes.toFixed(1)} MB after the reading load${idle}`);
}
if (codes) console.log(`\n${codes.count.toLocaleString('en')} codes\n${codes.text}`);
if (clock) console.log(`\n${clock}`);
console.log(`\nBudgets, at ${CONNECTIONS.at(-1)} connections; a ratio is of two figures of the same round\n`);
console.log(budgets(samples, sizes, starts, CONNECTIONS.at(-1)));
