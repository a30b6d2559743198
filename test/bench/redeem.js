// What redemptions cost: durable ones per second over distinct codes and on one hot code, beside bare loops over
// SQLite (the same statements; the naive way; two layouts that keep less); latency at half of the peak, on slower disks
// too; previews and look-ups by how many codes there are; a million codes made and brought in; memory.
//
//   BENCH_CODES="1000 100000" BENCH_BATCH=100000 script/bench redeem
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { measureCodes } from './codes.js';
import { judge, median, number, Samples, spread } from './report.js';
import {
    addRedemption, code, counted, fill, measure, residentMegabytes, startCoupond, startBare, writeRequests,
} from './servers.js';
import { counterFile, some } from './subjects.js';

const CONNECTIONS = [1, 8, 64, 256];
const PEAK = 64; // connections
const CODES = Number(process.env.BENCH_REDEEM_CODES ?? 100_000);
const TARGETS = 20_000; // different codes that are sent
const STRANGERS = 100_000; // different codes that are asked for, more than are kept in memory
const SIZES = (process.env.BENCH_CODES ?? '1000 1000000 10000000').split(/[ ,]+/).map(Number);
const DELAYS_MS = [0, 1, 5, 10];
const GAINS = { 1: 5, 10: 20 }; // at least over the naive way, by the delay
const LISTED_BY = ['redemption_records_promotion_code', 'redemption_records_coupon', 'redemption_records_id', 'events_id'];
const CART = 'amount=1999&currency=usd';

const columns = [['', 37], ['conn.', 6], ['each s', 16], ['CPU µs each', 12], ['p50 µs', 9], ['p99 µs', 9],
    ['syncs/s', 9], ['each sync', 10]];

function line(cells) {
    return cells.map((cell, i) => (i ? String(cell).padStart(columns[i][1]) : cell.padEnd(columns[i][1]))).join('');
}

function row(title, connections, samples) {
    const middle = (what) => median(samples.map((sample) => sample[what]));
    const rates = samples.map(({ rate }) => rate), synced = middle('syncs') > 0;
    return line([title, connections, `${number(median(rates))} ±${String(spread(rates)).padStart(2)} %`,
        number(middle('cpu'), 1), number(middle('p50')), number(middle('p99')),
        synced ? number(middle('syncs')) : '-', synced ? number(middle('batch'), 1) : '-']);
}

const heading = () => line(columns.map(([title]) => title));

function redemption(i) {
    const headers = { 'Idempotency-Key': '@'.repeat(36) };
    return { method: 'POST', target: '/v1/redemptions', form: `code=${code(i)}&${CART}`, headers };
}

export async function measureRedemptions(directory, { rounds, seconds, progress }) {
    const path = (name) => join(directory, name);
    const servers = [];

    async function serve(name, data, env) {
        const server = await startCoupond(data, { syncs: counterFile(path(`${name}.syncs`)), env });
        servers.push(server);
        return server;
    }

    // run(connections, rate): load.c on the server with those requests.
    function load(name, server, requests, expected) {
        const file = writeRequests(path(`${name}.requests`), requests);
        return (connections, rate) => {
            const line = [server.port, server.pid, connections, seconds, file, expected];
            return measure('load', [...line, ...(server.syncs ? [server.syncs] : []), ...(rate ? [rate] : [])]);
        };
    }

    function loop(data, codes, dropped = []) {
        const syncs = counterFile(`${data}.syncs`);
        return (batch) =>
            measure('redeem_loop', [join(data, 'coupond.db'), batch, seconds, codes, syncs, ...dropped], counted(syncs));
    }

    // In a layout of its own, see layout_loop.c.
    function layout(name) {
        const syncs = counterFile(path(`${name}.syncs`));
        return (batch) =>
            measure('layout_loop', [name, path(`${name}.db`), batch, seconds, CODES, syncs], counted(syncs));
    }

    // The same behind libmicrohttpd, as coupond is.
    async function layoutServer(name, requests) {
        const syncs = counterFile(path(`${name}-http.syncs`));
        const server = await startBare('layout_server', [name, path(`${name}-http.db`), CODES], syncs);
        servers.push(server);
        return load(`${name}-http`, server, requests, '"redeemed"');
    }

    progress('making databases');
    const filled = await fill(path('codes'), CODES);
    await addRedemption(filled, `code=${code(0)}&${CART}`);
    const copy = (name) => (cpSync(filled, path(name), { recursive: true }), path(name));
    const step = Math.max(1, Math.floor(CODES / TARGETS));
    const targets = Array.from({ length: Math.min(TARGETS, CODES) }, (_, i) => redemption(i * step));
    const server = await serve('redeem', copy('redeem'));
    const distinctLoop = loop(copy('distinct'), CODES), hotLoop = loop(copy('hot'), 1), naive = loop(copy('naive'), CODES);
    const subjects = [
        ['redeem', 'distinct codes', load('redeem', server, targets, '"redeemed"')],
        ['loop', 'the same in a bare loop', distinctLoop],
        ['unlisted', 'the same without indexes to list by', loop(copy('unlisted'), CODES, LISTED_BY)],
        ['hot', 'one hot code', load('hot', server, [redemption(CODES - 1)], '"redeemed"')],
        ['hot-loop', 'the same in a bare loop', hotLoop],
        ['naive', 'naive: a transaction each, bare', () => naive(1)],
        ['lean', 'counters and entries only, bare', layout('lean')],
        ['lean-http', 'the same behind HTTP', await layoutServer('lean', targets), [PEAK]],
        ['obvious', 'in an obvious layout, bare', layout('obvious')],
        ['obvious-http', 'the same behind HTTP', await layoutServer('obvious', targets), [PEAK]],
    ];
    const idle = residentMegabytes(server.pid);
    const samples = measureAll(subjects, CONNECTIONS, rounds, progress);
    const loaded = residentMegabytes(server.pid);
    progress('');
    console.log(`\n1. and 2. Durable redemptions over ${number(CODES)} codes, each with Idempotency-Key and events; ` +
        `a loop's connections are its batch\n\n${heading()}`);
    for (const [name, title, , counts = CONNECTIONS] of subjects) {
        for (const connections of counts) {
            console.log(row(connections === counts[0] ? title : '', connections, samples.of(name, connections)));
        }
    }
    const of = (name, other) => samples.ratio('rate', name, other, PEAK);
    console.log(`\nAt ${PEAK} connections: ${number(of('redeem', 'loop'), 2)}x the bare loop; one hot code ` +
        `${number(of('hot', 'redeem'), 2)}x distinct codes`);
    const budgets = [
        { name: 'B4', what: 'distinct codes: rate, of counters and entries only', value: of('redeem', 'lean'), unit: 'x', least: 0.35 },
        { name: 'B4', what: 'distinct codes: rate, of the obvious layout behind HTTP', value: of('redeem', 'obvious-http'), unit: 'x', least: 1 },
        { name: 'B5', what: 'one hot code: rate, of distinct codes', value: of('hot', 'redeem'), unit: 'x', least: 0.9 },
        { name: 'B6', what: 'distinct codes: rate, of the naive way', value: of('redeem', 'naive'), unit: 'x', least: 2.5 },
    ];

    budgets.push(...await measureDelays({ copy, serve, load, targets, naiveData: copy('slow'), seconds, rounds, progress }));
    const { reply, judged } = await measureSizes({ path, serve, load, rounds, progress });
    budgets.push({
        name: 'B14',
        what: 'durable redemption: CPU, of the bare reply',
        value: median(samples.values('redeem', PEAK, 'cpu')) / reply,
        unit: 'x',
        most: 5,
    }, ...judged);
    progress('making codes');
    const codes = await measureCodes(directory);
    progress('');
    console.log(`\n5. ${number(codes.count)} codes\n\n${codes.text}`);
    const million = codes.count / 1e6;
    budgets.push(
        { name: 'B8', what: 'a million codes made', value: codes.generated / million, unit: ' s', digits: 1, most: 10 },
        { name: 'B8', what: 'a million codes as CSV', value: codes.csv / million, unit: ' s', digits: 1, most: 2 },
    );
    console.log(`\n6. Memory: ${number(idle, 1)} MB idle with ${number(CODES)} codes, ${number(loaded, 1)} MB after the ` +
        'load; with more codes see 4.');
    console.log(`\nBudgets, at ${PEAK} connections; a ratio is of two figures of the same round\n\n${judge(budgets)}`);
    await Promise.all(servers.map((each) => each.stop()));
}

// Every subject once in each round, so that what slows the machine down slows all of them.
function measureAll(subjects, connectionCounts, rounds, progress) {
    const samples = new Samples();
    for (let round = 0; round < rounds; round++) {
        for (const connections of connectionCounts) {
            for (const [name, title, run, counts = CONNECTIONS] of subjects) {
                if (!counts.includes(connections)) continue;
                progress(`round ${round + 1} of ${rounds}: ${title}, ${connections}`);
                samples.add(name, connections, run(connections));
            }
        }
    }
    return samples;
}

async function measureDelays({ copy, serve, load, targets, naiveData, seconds, rounds, progress }) {
    const lines = [], budgets = [];
    for (const delay of DELAYS_MS) {
        const env = { BENCH_FSYNC_DELAY_MS: String(delay) };
        const server = await serve(`slow-${delay}`, copy(`slow-${delay}`), env);
        const run = load(`slow-${delay}`, server, targets, '"redeemed"');
        const peaks = [], halves = [], naive = [];
        for (let round = 0; round < rounds; round++) {
            progress(`round ${round + 1} of ${rounds}: ${delay} ms added to fsync`);
            peaks.push(run(PEAK));
            halves.push(run(PEAK, peaks.at(-1).rate / 2));
            const syncs = `${naiveData}.syncs`;
            naive.push(measure('redeem_loop', [join(naiveData, 'coupond.db'), 1, seconds, CODES, counterFile(syncs)],
                { ...counted(syncs), ...env }));
        }
        lines.push(row(`+${delay} ms: peak`, PEAK, peaks), row('  half of peak, at regular times', PEAK, halves),
            row('  naive: a transaction each, bare', 1, naive));
        const gain = median(peaks.map(({ rate }, i) => rate / naive[i].rate)), least = GAINS[delay];
        const what = `with ${delay} ms added to fsync: rate, of the naive way`;
        if (least) budgets.push({ name: 'B6', what, value: gain, unit: 'x', least });
        if (delay) continue;
        const p99 = median(halves.map((sample) => sample.p99)) / 1000;
        budgets.push({ name: 'B7', what: 'p99 at half of the peak', value: p99, unit: ' ms', digits: 1, most: 5 });
    }
    progress('');
    console.log(`\n3. Latency at half of peak load, and with time added to each fsync\n\n${heading()}`);
    for (const each of lines) console.log(each);
    return budgets;
}

async function measureSizes({ path, serve, load, rounds, progress }) {
    const subjects = [], memory = [], budgets = [];
    const reply = await startBare('reply');
    subjects.push(['reply', 'bare libmicrohttpd reply', load('reply', reply, [{ target: '/' }], '"text"')]);
    for (const size of SIZES) {
        progress(`making ${number(size)} codes`);
        const server = await serve(`size-${size}`, await fill(path(`size-${size}`), size));
        const idle = residentMegabytes(server.pid);
        memory.push(() =>
            `${number(idle, 1)} MB idle, ${number(residentMegabytes(server.pid), 1)} MB after the load with ${number(size)} codes`);
        budgets.push({ name: 'B9', what: `idle memory with ${number(size)} codes`, value: idle, unit: ' MB', digits: 1,
            most: size > SIZES[0] ? 150 : 30 });
        const previews = some(size).map((i) => ({
            method: 'POST', target: '/v1/redemptions/preview', form: `code=${code(i)}&${CART}`,
        }));
        const lists = (targets) => some(size, targets).map((i) => ({ target: `/v1/promotion_codes?code=${code(i)}` }));
        subjects.push([`preview-${size}`, `preview, of ${number(size)}`, load(`preview-${size}`, server, previews, 'true')]);
        subjects.push([`list-${size}`, `look-up, of ${number(size)}`, load(`list-${size}`, server, lists(), 'promo_')]);
        if (size <= STRANGERS) continue;
        const strangers = load(`strangers-${size}`, server, lists(STRANGERS), 'promo_');
        subjects.push([`strangers-${size}`, `look-up, of ${number(size)} *`, strangers]);
    }
    const samples = measureAll(subjects, [PEAK], rounds, progress);
    progress('');
    console.log(`\n4. Previews and look-ups by number of codes\n\n${heading()}`);
    for (const [name, title] of subjects) console.log(row(title, PEAK, samples.of(name, PEAK)));
    console.log(`\n* ${number(STRANGERS)} different codes are asked for, otherwise ${number(some(Infinity).length)}`);
    console.log(`\n${memory.map((each) => `   ${each()}`).join('\n')}`);
    await reply.stop();
    const [few, ...more] = SIZES;
    for (const [name, what] of [['preview', 'preview'], ['list', 'list by code']]) {
        const cpu = (size, other) => samples.ratio('cpu', `${name}-${size}`, other, PEAK);
        budgets.push({ name: 'B2', what: `${what}: CPU, of the bare reply`, value: cpu(few, 'reply'), unit: 'x', most: 3 });
        for (const size of more) {
            const title = `${what} with ${number(size)} codes: CPU, of that with ${number(few)}`;
            budgets.push({ name: 'B2', what: title, value: cpu(size, `${name}-${few}`), unit: 'x', most: 1.2 });
        }
    }
    return { reply: median(samples.values('reply', PEAK, 'cpu')), judged: budgets };
}
