// Starts the real server for a test, on a free port and a fresh data directory, and stops it again.
//
//   const server = await start();            // coupond serve --dev --listen 127.0.0.1:0 --data <new>
//   … server.url …
//   await server.stop();                     // in an after() hook
//
// A server that dies by itself, does not stop cleanly, or prints a sanitizer's report fails the test.
// $COUPOND chooses the binary.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const binary = resolve(process.env.COUPOND ?? join(root, 'build/coupond'));

const LISTENING = /^coupond: listening on (http:\/\/\S+?)\/?$/m;
const SANITIZER = /ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error: /;
const PATIENCE = 30_000; // milliseconds for starting and for stopping; sanitizer builds are slow

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// A new directory that only this test uses.
export function temporaryDirectory() {
    return mkdtempSync(join(tmpdir(), 'coupond-test-'));
}

// Runs a subcommand to its end: coupond(['verify', '--data', server.data]) → {status, stdout, stderr}.
export function coupond(args, { env = {}, input, executable = binary } = {}) {
    const { status, signal, stdout, stderr, error } = spawnSync(executable, args, {
        encoding: 'utf8',
        env: { ...process.env, ...env },
        input,
        maxBuffer: 64 << 20,
        timeout: 120_000,
    });
    if (error) throw error;
    if (SANITIZER.test(stderr)) throw new Error(`coupond ${args.join(' ')}:\n${stderr}`);
    return { status: signal ?? status, stdout, stderr };
}

// dev: false starts without --dev; data: an existing data directory, which stop() then keeps;
// listen: an address other than a free port of 127.0.0.1; args: anything else for the command line.
export async function start(options = {}) {
    const server = new Server(options);
    await server.start();
    return server;
}

class Server {
    #child;
    #exit; // promise of {status, signal}
    #expected = false; // whether the child may end now
    #stderr = '';
    #stdout = '';

    constructor({ dev = true, seed, data, listen = '127.0.0.1:0', args = [], env = {}, executable = binary }) {
        this.data = data ?? temporaryDirectory();
        this.keepData = data !== undefined;
        this.violations = []; // filled by contract.js, reported by stop()
        this.command = { dev, seed, listen, args, env, executable };
    }

    async start() {
        const { dev, seed, listen, args, env, executable } = this.command;
        const line = ['serve'];
        if (dev) line.push('--dev');
        // After the first start the port stays, so that clients survive a restart.
        line.push('--listen', this.port ? `${this.host}:${this.port}` : listen, '--data', this.data);
        if (seed) line.push('--seed', seed);
        line.push(...args);

        this.#expected = true; // until it listens, an end is noticed below
        this.#stderr = '';
        this.#stdout = '';
        const child = spawn(executable, line, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        this.#child = child;
        running.add(child);
        child.stdout.setEncoding('utf8').on('data', (text) => (this.#stdout += text));
        child.stderr.setEncoding('utf8').on('data', (text) => (this.#stderr += text));
        this.#exit = new Promise((done, fail) => {
            child.on('error', fail);
            child.on('close', (status, signal) => done({ status, signal }));
        }).finally(() => running.delete(child));

        const deadline = Date.now() + PATIENCE;
        let listening;
        while (!(listening = LISTENING.exec(this.#stderr) ?? LISTENING.exec(this.#stdout))) {
            const end = await Promise.race([this.#exit, sleep(5)]);
            if (end) throw this.#failure(`ended at once: ${end.signal ?? `status ${end.status}`}`);
            if (Date.now() > deadline) throw this.#failure('did not start listening');
        }
        const url = new URL(listening[1]);
        this.url = url.origin;
        this.host = url.hostname;
        this.port = Number(url.port);
        this.pid = child.pid;
        this.#expected = false;
        this.#exit.then(({ status, signal }) => {
            // Thrown into nothing, so that the test run fails even where nobody awaits the server.
            if (!this.#expected) throw this.#failure(`ended by itself: ${signal ?? `status ${status}`}`);
        });
    }

    stderr() {
        return this.#stderr;
    }

    stdout() {
        return this.#stdout;
    }

    // SIGTERM, which lets requests in progress finish. The data directory goes unless it was given.
    async stop() {
        await this.#end('SIGTERM');
        if (!this.keepData) rmSync(this.data, { recursive: true, force: true });
    }

    // The power cut: the process is gone at once, its data stays for restart().
    async kill9() {
        this.#expected = true;
        this.#child.kill('SIGKILL');
        await this.#exit;
    }

    // Starts again on the same data and the same port, ending the running process first.
    async restart() {
        if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#end('SIGTERM');
        await this.start();
    }

    async #end(signal) {
        this.#expected = true;
        this.#child.kill(signal);
        const end = await Promise.race([this.#exit, sleep(PATIENCE, undefined, { ref: false })]);
        if (!end) {
            this.#child.kill('SIGKILL');
            throw this.#failure(`did not stop within ${PATIENCE / 1000} s of ${signal}`);
        }
        if (SANITIZER.test(this.#stderr)) throw this.#failure('printed a sanitizer report');
        // A killed process (kill9() before) has nothing more to say.
        if (end.status !== 0 && end.signal !== 'SIGKILL') {
            throw this.#failure(`stopped with ${end.signal ?? `status ${end.status}`}`);
        }
        if (this.violations.length > 0) {
            throw new Error(`answers that the OpenAPI document does not allow:\n${this.violations.join('\n')}`);
        }
    }

    #failure(what) {
        const tail = this.#stderr.split('\n').slice(-60).join('\n');
        return new Error(`coupond ${what}\n${this.command.executable}, its stderr:\n${tail}`);
    }
}
