// The command line: help, exit statuses, keys, accounts, a second server, verification, the end of serving.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, raw } from '../lib/client.js';
import { binary, coupond, start, temporaryDirectory } from '../lib/server.js';
import { connect } from '../lib/wire.js';

const USAGE = 64;
const BAD_DATA = 65;
const CANNOT_CREATE = 73;
const TRY_LATER = 75;
const COMMANDS = ['serve', 'keys', 'accounts', 'codes', 'events', 'export', 'import', 'schema', 'migrate', 'verify'];
const ACACIA = '2025-02-24.acacia';

function newData() {
    return join(temporaryDirectory(), 'data');
}

function run(data, ...args) {
    return coupond([...args, '--data', data]);
}

// The standard output of a command that must succeed, without the line end.
function output(data, ...args) {
    const { status, stdout, stderr } = run(data, ...args);
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

test('the program and every command have help and a version', () => {
    for (const words of [[], ...COMMANDS.map((command) => [command])]) {
        const help = coupond([...words, '--help']);
        assert.deepEqual([help.status, help.stderr], [0, ''], words.join());
        assert.match(help.stdout, /^Usage: coupond/);
        const version = coupond([...words, '--version']);
        assert.equal(version.status, 0, `${words.join()} --version: ${version.stderr}`);
        assert.match(version.stdout, /^coupond \d+\.\d+\.\d+\n$/, words.join());
    }
    const { stdout } = coupond(['--help']);
    for (const command of COMMANDS) assert(stdout.includes(`  ${command} `), command);
});

const WRONG = [[], ['none'], ['--none'], ['serve', '--none'], ['serve', 'more'], ['serve', '--listen', 'nowhere'],
    ['serve', '--listen', '127.0.0.1:65536'], ['serve', '--listen', '127.0.0.1:-1'],
    ['serve', '--listen', '127.0.0.1:'],
    ['serve', '--api-version', 'none'], ['serve', '--listen', '0.0.0.0:0'], ['serve', '--listen', '192.0.2.1:0'],
    ['keys'], ['keys', 'none'], ['keys', 'revoke'], ['keys', 'create', 'more'], ['keys', 'create', '--mode', 'none'],
    ['keys', 'list', '--none'], ['accounts'], ['accounts', 'none'], ['accounts', 'list', 'more'], ['verify', 'more'],
    ['verify', '--none'], ['events'], ['events', 'none'], ['events', 'resend'], ['events', 'resend', 'a', 'b'],
    ['migrate', 'more'], ['migrate', '--print', 'none'], ['schema', 'coupon', 'more'],
    ['schema', '--openapi', '--api-version', 'none'], ['export', 'more'], ['export', '--mode', 'none'],
    ['import'], ['import', 'a', 'b'], ['import', 'a', '--from', 'http://127.0.0.1:1'], ['import', 'a', '--mode', 'none']];
for (const words of WRONG) {
    test(`coupond ${words.join(' ')} is a mistake in the usage`, () => {
        const { status, stdout, stderr } = coupond(words);
        assert.equal(status, USAGE, stderr);
        assert.equal(stdout, '');
        assert.match(stderr, /coupond/);
    });
}

test('only a loopback address is listened on without being told so', async () => {
    const server = await start({ listen: '0.0.0.0:0', args: ['--insecure-listen'] });
    try {
        assert.equal((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status, 200);
    } finally {
        await server.stop();
    }
});

test('a new key is alone on standard output, and nowhere else', async () => {
    const server = await start({ dev: false });
    const keys = [];
    try {
        for (const mode of ['test', 'live']) {
            const { status, stdout, stderr } = run(server.data, 'keys', 'create', '--mode', mode, '--name', 'CI');
            assert.equal(status, 0, stderr);
            assert.match(stdout, new RegExp(`^sk_${mode}_[0-9A-Za-z]{32}\n$`));
            const key = stdout.trim();
            keys.push(key);
            assert(!stderr.includes(key));
            // Used well and badly, in every place where a request could be logged.
            await raw(server, { path: '/v1/coupons', key });
            await raw(server, { path: `/v1/coupons/${key}`, key });
            await raw(server, { method: 'POST', path: '/v1/coupons', form: { [key]: key }, key });
            await raw(server, { path: '/v1/coupons', key, version: key });
            await raw(server, { path: '/v1/coupons', key: `${key}x` });
            await raw(server, { path: '/v1/coupons', key, headers: { 'stripe-account': 'acct_none' } });
            await raw(server, { path: '/v1/coupons', headers: { authorization: `Digest ${key}` } });
        }
        const listed = output(server.data, 'keys', 'list');
        for (const key of keys) {
            assert(!listed.includes(key));
            assert(listed.includes(key.slice(-4)), 'the last characters tell them apart');
        }
    } finally {
        await server.stop();
    }
    const log = server.stderr() + server.stdout();
    for (const key of keys) {
        assert(!log.includes(key), 'the log has the key');
        assert(!log.includes(key.slice('sk_test_'.length, -4)), 'the log has most of the key');
    }
});

test('what is on the disk has no key in it, and is for the owner only', async () => {
    const data = newData();
    const server = await start({ dev: true, data });
    const keys = [newKey(), output(data, 'keys', 'create'), output(data, 'keys', 'create', '--mode', 'live')];
    for (const key of keys) {
        const answer = await raw(server, {
            method: 'POST', path: '/v1/products', form: { name: 'x' }, key, headers: { 'idempotency-key': 'a' },
        });
        assert.equal(answer.status, 200);
    }
    const assertClean = () => {
        assert.equal(statSync(data).mode & 0o077, 0, 'the directory');
        for (const name of readdirSync(data)) {
            const path = join(data, name);
            assert.equal(statSync(path).mode & 0o077, 0, name);
            if (!statSync(path).isFile()) continue;
            const bytes = readFileSync(path);
            for (const key of keys) {
                assert(!bytes.includes(key), `${name} has a key`);
                assert(!bytes.includes(key.slice('sk_test_'.length)), `${name} has a key without its prefix`);
            }
        }
    };
    assertClean();
    await server.stop();
    assertClean();
    assert(!readFileSync(`/proc/${process.pid}/cmdline`).includes(keys[0]));
});

test('keys and accounts are made, listed and revoked with and without a server', async () => {
    const data = newData();
    const account = output(data, 'accounts', 'create', '--name', 'Shop');
    assert.match(account, /^acct_[0-9A-Za-z]{16}$/);
    const key = output(data, 'keys', 'create', '--account', account, '--name', 'offline');
    const server = await start({ dev: false, data });
    try {
        assert.equal((await raw(server, { path: '/v1/account', key })).json.id, account);
        const child = output(data, 'accounts', 'create', '--parent', account, '--name', 'Branch');
        const listed = output(data, 'accounts', 'list').split('\n').map((line) => line.split('\t'));
        assert.deepEqual(listed.map(([id, parent, , name]) => [id, parent, name]),
            [[account, '-', 'Shop'], [child, account, 'Branch']]);
        const other = output(data, 'keys', 'create', '--account', child);
        assert.equal((await raw(server, { path: '/v1/account', key: other })).json.id, child);
        const [id, hint, mode, state] = output(data, 'keys', 'list').split('\n')
            .find((line) => line.includes('offline')).split('\t');
        assert.deepEqual([mode, state, hint.slice(-4)], ['test', 'in force', key.slice(-4)]);
        output(data, 'keys', 'revoke', id);
        assert.equal((await raw(server, { path: '/v1/account', key })).status, 401);
        assert.match(output(data, 'keys', 'list'), new RegExp(`^${id}\t.*\trevoked\t`, 'm'));
        assert.equal(run(data, 'keys', 'revoke', id).status, BAD_DATA, 'it is no longer in force');
    } finally {
        await server.stop();
    }
});

test('options may stand before or behind the words', () => {
    const data = newData();
    const ways = [['keys', 'create', '--mode', 'live'], ['keys', '--mode', 'live', 'create'],
        ['keys', '--mode=live', 'create']];
    for (const words of ways) {
        assert.match(output(data, ...words), /^sk_live_/, words.join(' '));
    }
    assert.equal(output(data, 'accounts', 'list').split('\n').length, 1, 'one account was made for all of them');
});

test('what does not exist is named', () => {
    const data = newData();
    for (const [words, name] of [[['keys', 'create', '--account', 'acct_none'], 'acct_none'],
        [['keys', 'revoke', 'key_none'], 'key_none'],
        [['accounts', 'create', '--parent', 'acct_none'], 'acct_none']]) {
        const { status, stdout, stderr } = run(data, ...words);
        assert.deepEqual([status, stdout], [BAD_DATA, ''], stderr);
        assert.match(stderr, new RegExp(`^coupond: ${words[0]}: .*"${name}"`));
    }
    const { status, stderr } = coupond(['schema', 'none']);
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /"none"/);
});

test('a second server on the same data is refused, and the first goes on', async () => {
    const server = await start();
    try {
        const second = coupond(['serve', '--dev', '--listen', '127.0.0.1:0', '--data', server.data]);
        assert.equal(second.status, TRY_LATER, second.stderr);
        assert(second.stderr.includes(server.data), second.stderr);
        assert.equal(run(server.data, 'migrate').status, TRY_LATER);
        const key = newKey();
        const made = await raw(server, { method: 'POST', path: '/v1/products', form: { name: 'x' }, key });
        assert.equal(made.status, 200);
    } finally {
        await server.stop();
    }
});

test('a port that is taken is said so', async () => {
    const server = await start();
    try {
        const { status, stderr } = coupond(['serve', '--listen', `127.0.0.1:${server.port}`, '--data', newData()]);
        assert(status > 0 && status < 128, stderr);
        assert(stderr.includes(String(server.port)), stderr);
    } finally {
        await server.stop();
    }
});

test('a data directory that others can read, or that is none, is refused', () => {
    const open = newData();
    mkdirSync(open);
    chmodSync(open, 0o755);
    const used = newData();
    output(used, 'migrate');
    chmodSync(used, 0o755);
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const writes = [['migrate'], ['serve', '--listen', '127.0.0.1:0']], reads = [['verify'], ['keys', 'list']];
    for (const data of [open, used, file, join(file, 'below'), '/proc/none']) {
        for (const words of data === used ? [...writes, ...reads] : writes) {
            const { status, stderr } = run(data, ...words);
            assert.equal(status, CANNOT_CREATE, `${words.join(' ')} on ${data}: ${stderr}`);
        }
    }
});

test('what only reads makes no directory', () => {
    const data = join(temporaryDirectory(), 'typo');
    for (const words of [['verify'], ['export'], ['keys', 'list'], ['accounts', 'list'], ['migrate', '--status']]) {
        const { status, stdout, stderr } = coupond([...words, '--data', data]);
        assert.deepEqual([status, stdout], [66, ''], words.join(' '));
        assert.match(stderr, /there is no database in .*typo/);
        assert(!existsSync(data));
    }
});

test('what cannot be printed is no success', () => {
    const data = newData();
    const to = (stream, ...words) => {
        const { status, stderr } = spawnSync('sh', ['-c', `exec "$@" ${stream}`, 'sh', binary, ...words], { encoding: 'utf8' });
        return [status, stderr];
    };
    const ofData = [['keys', 'create'], ['keys', 'list'], ['accounts', 'list'], ['verify'], ['migrate', '--status']];
    const commands = [...ofData.map((words) => [...words, '--data', data]), ['--version'], ['--help'],
        ['schema', '--openapi'], ['schema', 'coupon'], ['migrate', '--print', 'sqlite']];
    for (const words of commands) {
        for (const stream of ['>/dev/full', '>&-']) {
            const [status, stderr] = to(stream, ...words);
            assert.equal(status, 74, `${words.join(' ')} ${stream}`);
            assert.match(stderr, /^coupond: standard output cannot be written: /m);
        }
    }
    assert.equal(to('<&- 2>&-', 'keys', 'list', '--data', data)[0], 0, 'what is closed otherwise does not matter');
});

test('nothing is written into files that stand where a closed stream was', async () => {
    const data = newData();
    const server = spawn('sh', ['-c', 'exec "$@" 2>&-', 'sh', binary, 'serve', '--dev', '--listen', '127.0.0.1:0', '--data', data]);
    while (!existsSync(join(data, 'control.sock'))) await sleep(20);
    server.kill('SIGTERM');
    await once(server, 'exit');
    for (const name of ['lock', 'coupond.db-wal']) assert.equal(statSync(join(data, name)).size, 0, name);
});

test('migrate brings an empty directory to the newest schema, --status only looks', () => {
    const data = newData();
    const newest = /^schema (\d+) of \1$/.exec(output(data, 'migrate'))[1];
    assert(Number(newest) >= 1);
    for (let i = 0; i < 2; i++) assert.equal(output(data, 'migrate'), `schema ${newest} of ${newest}`);
    assert.equal(output(data, 'migrate', '--status'), `schema ${newest} of ${newest}`);
    for (const dialect of ['sqlite', 'postgres']) {
        assert.match(coupond(['migrate', '--print', dialect]).stdout, /CREATE TABLE coupons \(/);
    }
});

test('a database from the future is left alone', () => {
    const data = newData();
    output(data, 'migrate');
    sqlite(data, 'UPDATE schema_version SET version = 9999');
    for (const words of [['serve', '--listen', '127.0.0.1:0'], ['verify'], ['migrate']]) {
        const { status, stderr } = run(data, ...words);
        assert(status > 0 && status < 128, `${words[0]}: ${status} ${stderr}`);
    }
    assert.equal(sqlite(data, 'SELECT version FROM schema_version'), '9999');
});

function sqlite(data, sql) {
    const { status, stdout, stderr } = spawnSync('sqlite3', [join(data, 'coupond.db'), sql], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

// A data directory with a coupon and a code that were each used.
async function used() {
    const data = newData();
    const server = await start({ data });
    const key = newKey();
    const post = async (path, form) => {
        const { status, json, text } = await raw(server, { method: 'POST', path, form, key, version: ACACIA });
        assert.equal(status, 200, text);
        return json;
    };
    await post('/v1/coupons', { id: 'A', percent_off: 10, max_redemptions: 5 });
    const { id } = await post('/v1/promotion_codes', { coupon: 'A', max_redemptions: 3 });
    await post('/v1/customers', { coupon: 'A' });
    await post('/v1/customers', { promotion_code: id });
    await post('/v1/coupons', { id: 'R', percent_off: 5, restrictions: { max_redemptions_per_customer: 5 } });
    const buyer = { coupon: 'R', email: 'jo@example.com' };
    await post('/v1/redemptions', buyer);
    await post('/v1/redemptions', { ...buyer, capture_method: 'manual' });
    const { id: held } = await post('/v1/redemptions', { ...buyer, capture_method: 'manual' });
    await post(`/v1/redemptions/${held}/cancel`);
    await server.stop();
    assert.equal(run(data, 'verify').status, 0);
    return data;
}

const DAMAGE = {
    'a coupon counter that is too high': 'UPDATE coupon_uses SET times_redeemed = times_redeemed + 1',
    'a coupon counter that is too low': 'UPDATE coupon_uses SET times_redeemed = times_redeemed - 1',
    'a code counter that is wrong': 'UPDATE promotion_code_uses SET times_redeemed = 3',
    'a redemption that is missing': 'DELETE FROM redemptions WHERE seq = (SELECT MAX(seq) FROM redemptions)',
    'a redemption that was written twice': 'INSERT INTO redemptions SELECT tenant, seq + 1000000, created, uses, ' +
        'coupon, coupon_ordinal, coupon_previous, promotion_code, promotion_code_ordinal, ' +
        'promotion_code_previous, customer, discount, releases FROM redemptions LIMIT 1',
    'a cap below the uses': 'UPDATE coupons SET max_redemptions = 1',
    'a counter with another cap': 'UPDATE coupon_uses SET max_redemptions = 100',
    'a counter that is missing': 'DELETE FROM coupon_uses',
    'a coupon that is missing': 'DELETE FROM coupons',
    'a discount that is missing': 'DELETE FROM discounts',
    'a use without a redemption': "DELETE FROM redemption_records WHERE coupon = 'R' AND status = 'redeemed'",
    'a use without a redemption of a code': 'DELETE FROM redemption_records WHERE promotion_code IS NOT NULL',
    'a redemption without a use': 'DELETE FROM redemptions WHERE uses = 1 AND releases IS NULL AND seq IN ' +
        "(SELECT seq FROM redemption_records WHERE status = 'canceled')",
    'a reference that is still taken': "UPDATE redemption_records SET reference_key = '17' WHERE status = 'canceled'",
    'a hold that never ends': 'DELETE FROM timers',
    'a hold with a timer of another kind': 'UPDATE timers SET kind = kind + 1',
    'a timer without a hold': "UPDATE redemption_records SET status = 'redeemed' WHERE status = 'held'",
    'a count of a customer that is too high': 'UPDATE customer_uses SET times_redeemed = times_redeemed + 1',
    'a count of a customer that is missing': 'DELETE FROM customer_uses',
};
const SAYS = {
    'a use without a redemption': /a use of a coupon has no redemption/,
    'a use without a redemption of a code': /a use of a promotion code has no redemption/,
    'a redemption without a use': /a redemption differs from its ledger entry, or has none/,
    'a reference that is still taken': /a redemption that ended keeps its reference from others/,
    'a hold that never ends': /a held redemption never expires/,
    'a hold with a timer of another kind': /a held redemption never expires/,
    'a timer without a hold': /something expires that is not held/,
    'a count of a customer that is too high': /a customer's uses differ from the redemptions/,
    'a count of a customer that is missing': /a redemption is not counted for its customer/,
};
for (const [what, sql] of Object.entries(DAMAGE)) {
    test(`verify finds ${what}`, async () => {
        const data = await used();
        sqlite(data, sql);
        const { status, stdout } = run(data, 'verify');
        assert.equal(status, 1, stdout);
        assert.match(stdout, SAYS[what] ?? /./, 'and says what');
    });
}

test('a backup that is made while the server is written to is whole, and its keys work', async () => {
    const data = await used(), backup = newData();
    const key = output(data, 'keys', 'create');
    const server = await start({ data, dev: false });
    let made = 0, writing = true;
    const write = async () => {
        while (writing) {
            const { status } = await raw(server, { method: 'POST', path: '/v1/coupons', key, form: { percent_off: 5 } });
            made += status === 200;
        }
    };
    const writers = [write(), write()];
    while (made < 20) await sleep(5);
    mkdirSync(backup, { mode: 0o700 });
    const copying = spawn('sqlite3', [join(data, 'coupond.db'), `.backup ${join(backup, 'coupond.db')}`]);
    const [status] = await once(copying, 'exit');
    const before = made;
    copyFileSync(join(data, 'pepper'), join(backup, 'pepper'));
    writing = false;
    await Promise.all(writers);
    await server.stop();
    assert.equal(status, 0);
    assert.equal(run(backup, 'verify').status, 0);
    const copy = await start({ data: backup, dev: false });
    try {
        const answer = await raw(copy, { path: '/v1/coupons?limit=100', key });
        assert.equal(answer.status, 200, answer.text);
        assert(answer.json.data.length >= 20 && before >= 20);
    } finally {
        await copy.stop();
    }
});

test('verify answers while a server runs', async () => {
    const data = await used();
    const server = await start({ data });
    try {
        const { status, stdout } = run(data, 'verify');
        assert.equal(status, 0, stdout);
    } finally {
        await server.stop();
    }
});

test('verify notices a database file that is broken', async () => {
    const data = await used();
    const path = join(data, 'coupond.db');
    const bytes = readFileSync(path);
    bytes.fill(0xA5, 4096, bytes.length);
    writeFileSync(path, bytes);
    const { status } = run(data, 'verify');
    assert(status !== 0 && status < 128 && Number.isInteger(status), `status ${status}`);
});

test('SIGTERM finishes what is under way and lets nobody new in', async () => {
    const data = newData();
    const server = await start({ data });
    const key = newKey();
    await raw(server, { path: '/v1/account', key });
    const body = 'id=DRAINED&name=x';
    const busy = await connect(server);
    busy.send(`POST /v1/products HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
    assert.equal((await raw(server, { path: '/healthz' })).status, 200); // so the server has read the head
    const stopped = server.stop();
    // New connections are refused from some moment on.
    for (;;) {
        const late = await connect(server).catch(() => undefined);
        if (!late) break;
        late.close();
    }
    busy.send(body.slice(5));
    const { status } = await busy.response();
    assert.equal(status, 200, 'what had begun is done');
    busy.close();
    await stopped;
    await server.restart();
    try {
        assert.equal((await raw(server, { path: '/v1/products/DRAINED', key })).status, 200);
    } finally {
        await server.stop();
    }
});

test('serving says where it listens, and the printed lines work', async () => {
    const server = await start();
    try {
        assert.match(server.stderr(), new RegExp(`^coupond: listening on ${server.url}$`, 'm'));
        const lines = server.stderr().split('\n').map((line) => line.trim())
            .filter((line) => line.startsWith('curl '));
        assert(lines.length >= 2);
        for (const line of lines) {
            const command = line.replace('curl', 'curl -sS -w "%{http_code}"');
            const { status, stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
            assert.equal(status, 0, line);
            assert(stdout.endsWith('200'), `${line}: ${stdout}`);
        }
    } finally {
        await server.stop();
    }
});

test('each request is one line of the log, without what could harm', async () => {
    const data = newData();
    const server = await start({ data });
    const key = newKey();
    const { headers } = await raw(server, { path: '/v1/coupons/none%0Ainjected', key });
    await raw(server, { path: '/v1/coupons?foo=%1B[31mred%0D%0Ainjected', key });
    const requestId = headers.get('request-id');
    await server.stop();
    const log = server.stderr() + server.stdout();
    const line = log.split('\n').filter((each) => each.includes(requestId) && each.includes('status='));
    assert.equal(line.length, 1, log);
    assert.match(line[0], /method=GET .*status=404/);
    assert(!log.includes('\u001b') && !/^injected/m.test(log));
    assert(!log.includes(key));
});

test('schema describes every object and prints what it is asked for', () => {
    const { stdout: list } = coupond(['schema']);
    const names = list.trim().split('\n').map((line) => line.split(' ')[0]);
    for (const name of ['coupon', 'promotion_code', 'customer', 'discount', 'product', 'event', 'account', 'webhook_endpoint']) {
        assert(names.includes(name), name);
        const { status, stdout } = coupond(['schema', name]);
        assert.equal(status, 0);
        assert(stdout.includes(name) && stdout.length > 200, name);
    }
    assert.match(coupond(['schema', 'coupon']).stdout, /CREATE TABLE coupons/);
    const openapi = JSON.parse(coupond(['schema', '--openapi']).stdout);
    assert.match(openapi.openapi, /^3\.1/);
    const old = JSON.parse(coupond(['schema', '--openapi', '--api-version', ACACIA]).stdout);
    assert.notDeepEqual(old.components.schemas.promotion_code, openapi.components.schemas.promotion_code);
    assert.match(coupond(['schema', '--reference']).stdout, /promotion_code/);
    assert.match(coupond(['schema', '--statements']).stdout, /^SELECT /m);
});

test('without a data directory named, one is made where one stands', () => {
    const directory = temporaryDirectory();
    const { status, stderr } = spawnSync(binary, ['migrate'], { cwd: directory, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert(existsSync(join(directory, 'coupond-data')));
});
