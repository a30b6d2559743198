// How long coupond takes from being started to its first correct answer, and what it then holds in memory.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { COUPON, freePort, KEY, residentMegabytes, spawnCoupond, stop } from './servers.js';

const SETTLE_MS = 500; // idle, before memory is looked at
const PATIENCE_MS = 30_000;

// The text of one answer, or null while nobody listens.
async function ask(port, request) {
    const socket = connect(port, '127.0.0.1');
    try {
        await once(socket, 'connect');
        socket.end(request);
        let text = '';
        for await (const part of socket) text += part;
        return text;
    } catch (error) {
        if (error.code === 'ECONNREFUSED') return null;
        throw error;
    } finally {
        socket.destroy();
    }
}

export async function measureStart(directory) {
    const port = await freePort();
    const request =
        `GET /v1/coupons/${COUPON} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${KEY}\r\n` +
        'Connection: close\r\n\r\n';
    const begin = performance.now();
    const child = spawnCoupond(directory, { port });
    let answer;
    while ((answer = await ask(port, request)) === null) {
        const late = performance.now() - begin > PATIENCE_MS;
        if (child.exitCode !== null || late) throw new Error('coupond did not start');
    }
    const milliseconds = performance.now() - begin;
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`the first answer was\n${answer}`);
    await sleep(SETTLE_MS);
    const megabytes = residentMegabytes(child.pid);
    await stop(child);
    return { milliseconds, megabytes };
}
