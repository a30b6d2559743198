// Plain HTTP for loads, where an answer may never come: no SDK, no contract, no retries.
import { Agent, request } from 'node:http';
import { form } from './client.js';

// Connections that are kept open, at most `connections` of them. close() drops them all.
export class Requests {
    #agent;
    #server;

    constructor(server, connections) {
        this.#server = server;
        this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    }

    // {status, headers, text}; throws when the connection ends before the answer does.
    send({ method = 'GET', path, fields, key, version, idempotencyKey }) {
        const body = fields && form(fields);
        const headers = {
            authorization: `Bearer ${key}`,
            ...(version && { 'stripe-version': version }),
            ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
            ...(body && {
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(body),
            }),
        };
        const { host, port } = this.#server;
        return new Promise((done, fail) => {
            const outgoing = request({ agent: this.#agent, host, port, method, path, headers }, (answer) => {
                const chunks = [];
                answer.on('data', (chunk) => chunks.push(chunk));
                answer.on('error', fail);
                answer.on('close', () => fail(new Error('the answer was cut off')));
                answer.on('end', () => {
                    const text = Buffer.concat(chunks).toString();
                    if (answer.complete) done({ status: answer.statusCode, headers: answer.headers, text });
                });
            });
            outgoing.on('error', fail);
            outgoing.end(body);
        });
    }

    close() {
        this.#agent.destroy();
    }
}
