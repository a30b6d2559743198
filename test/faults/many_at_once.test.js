// Requests that have all arrived when the server looks: each is answered, however many of them are ready at once.
// libmicrohttpd asks for 128 events at a time and, with exactly as many, waited for more before it answered any.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { newKey } from '../lib/client.js';
import { start } from '../lib/server.js';

const CONNECTIONS = 400;
const ROUNDS = 200;
const EVENTS = 128; // that libmicrohttpd asks for
const PATIENCE_MS = 10_000;

const server = await start();
after(() => server.stop());

const request = `GET /v1/coupons HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${newKey()}\r\n\r\n`;

async function open() {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.answers = 0;
    socket.on('data', (data) => (socket.answers += data.includes('HTTP/1.1 200') ? 1 : 0));
    return socket;
}

function shuffled(items) {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
}

async function until(condition, what) {
    for (const deadline = Date.now() + PATIENCE_MS; !condition(); ) {
        assert(Date.now() < deadline, what());
        await new Promise((done) => { setTimeout(done, 1); });
    }
}

// Which of the server's threads has which connections nobody can choose: the halves of twice as many requests are
// those of a thread now and then.
test('as many requests as the HTTP library takes events at a time are answered', async () => {
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, open));
    for (let round = 0; round < ROUNDS; round++) {
        const asking = shuffled(sockets).slice(0, round % 2 ? EVENTS : 2 * EVENTS);
        const before = asking.map(({ answers }) => answers);
        process.kill(server.pid, 'SIGSTOP');
        await Promise.all(asking.map((socket) => new Promise((done) => { socket.write(request, done); })));
        process.kill(server.pid, 'SIGCONT');
        const waiting = () => asking.filter((socket, i) => socket.answers === before[i]).length;
        await until(() => waiting() === 0, () => `round ${round}: ${waiting()} of ${asking.length} have no answer`);
    }
    for (const socket of sockets) socket.destroy();
});
