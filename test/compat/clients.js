// One face for official clients that look different. A client is
//
//   {version, call(resource, action, {id, params, idempotencyKey}), all(resource, params), close()}
//
// resource: coupons, promotionCodes, customers, products; action: create, retrieve, update, list, delete.
// all() pages with the client's own means. A refusal throws Refused. `version` is the API version that
// the client speaks; some send none and get the server's newest.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { form } from '../lib/client.js';
import { root } from '../lib/server.js';

export const NEWEST = '2026-10-28.endive';

export class Refused extends Error {
    constructor(statusCode, raw) {
        super(raw.message);
        this.statusCode = statusCode;
        this.raw = raw;
    }
}

// The npm package `stripe`, with its own HTTP client and its own retries.
export function node(Sdk, version) {
    return (server, key) => {
        const sdk = new Sdk(key, { host: server.host, port: server.port, protocol: 'http' });
        const call = async (resource, action, { id, params, idempotencyKey } = {}) => {
            const args = [id, params, idempotencyKey && { idempotencyKey }].filter((each) => each !== undefined);
            const method = action === 'delete' ? 'del' : action;
            try {
                return plain(await sdk[resource][method](...args));
            } catch (error) {
                if (!error.raw || !error.statusCode) throw error;
                throw new Refused(error.statusCode, error.raw);
            }
        };
        const all = async (resource, params) => {
            const items = [];
            for await (const item of sdk[resource].list(params)) items.push(plain(item));
            return items;
        };
        return { version, call, all, close() {} };
    };
}

// Without what SDKs hide in their objects, such as lastResponse.
function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

// Debian's python3-stripe 5.0.0: a process that answers calls line by line.
export function python() {
    return (server, key) => {
        const script = join(root, 'test/compat/client.py');
        const child = spawn('/usr/bin/python3', [script, server.url, key], { stdio: ['pipe', 'pipe', 'inherit'] });
        const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const ask = async (request) => {
            child.stdin.write(`${JSON.stringify(request)}\n`);
            const { value, done } = await answers.next();
            if (done) throw new Error('the Python client ended');
            const answer = JSON.parse(value);
            if (answer.error) throw new Refused(answer.status, answer.error);
            return answer.result;
        };
        return {
            version: NEWEST,
            call: (resource, action, options = {}) => ask({ resource, action, ...options }),
            all: (resource, params) => ask({ resource, action: 'all', params }),
            async close() {
                const end = once(child, 'close');
                child.stdin.end();
                await end;
            },
        };
    };
}

// The official command line tool, one process per call. It reports the status on stderr (--show-headers) and
// has no auto-pagination.
export function cli(program) {
    return (server, key) => {
        const home = mkdtempSync(join(tmpdir(), 'coupond-cli-'));
        const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: '1' };
        const call = async (resource, action, { id, params = {}, idempotencyKey } = {}) => {
            const { expand = [], ...rest } = params;
            const command = resource.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
            const args = [command, action];
            if (id !== undefined) args.push(id);
            for (const pair of form(rest).split('&').filter(Boolean)) args.push('-d', decodeURIComponent(pair));
            for (const path of expand) args.push('--expand', path);
            if (idempotencyKey) args.push('--idempotency', idempotencyKey);
            if (action === 'delete') args.push('--confirm');
            args.push('--show-headers', '--api-key', key, '--api-base', server.url);
            const { stdout, stderr } = await promisify(execFile)(program, args, { env });
            const status = Number(/^< HTTP (\d+)$/m.exec(stderr)?.[1]);
            if (!status) throw new Error(`stripe ${args.join(' ')}\n${stdout}\n${stderr}`);
            // What it says about the mode of a deletion comes before the answer.
            const answer = JSON.parse(stdout.slice(stdout.indexOf('{')));
            if (status >= 400) throw new Refused(status, answer.error);
            return answer;
        };
        const all = async (resource, params) => {
            const items = [];
            for (let page = { has_more: true }; page.has_more;) {
                const last = items.at(-1)?.id;
                page = await call(resource, 'list', { params: { ...params, starting_after: last } });
                items.push(...page.data);
            }
            return items;
        };
        return { version: NEWEST, call, all, close: () => rmSync(home, { recursive: true }) };
    };
}

export const cliProgram = join(root, `node_modules/@stripe/cli-${process.platform}-${process.arch}/bin/stripe`);
