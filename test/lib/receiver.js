// Whoever is told of events: an HTTP server that keeps what arrives and answers as the test wants.
//
//   const receiver = await receive();        // acknowledges everything
//   … url: receiver.url('/hook') …
//   await until(() => receiver.at('/hook').length === 2);
//   receiver.close();                        // in an after() hook
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 30_000; // milliseconds

// Waits, not forever, until the condition holds, and answers what it answered.
export async function until(condition, what = String(condition)) {
    for (const deadline = Date.now() + PATIENCE; ;) {
        const met = await condition();
        if (met) return met;
        assert(Date.now() < deadline, `this did not come to pass: ${what}`);
        await sleep(10);
    }
}

// answer(response, delivery) may be replaced at any time.
export async function receive(answer = (response) => response.end()) {
    const receiver = new Receiver(answer);
    await receiver.start();
    return receiver;
}

class Receiver {
    #server = createServer((request, response) => this.#take(request, response));

    constructor(answer) {
        this.answer = answer;
        this.deliveries = []; // {path, method, headers, body, event}
    }

    async start() {
        await new Promise((done) => this.#server.listen(0, '127.0.0.1', done));
    }

    get port() {
        return this.#server.address().port;
    }

    url(path) {
        return `http://127.0.0.1:${this.port}${path}`;
    }

    // What has come to a path.
    at(path) {
        return this.deliveries.filter((delivery) => delivery.path === path);
    }

    close() {
        this.#server.close();
        this.#server.closeAllConnections();
    }

    async #take(request, response) {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks);
        const delivery = {
            path: request.url, method: request.method, headers: request.headers, body, event: JSON.parse(body),
        };
        this.deliveries.push(delivery);
        this.answer(response, delivery);
    }
}
