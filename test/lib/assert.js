// Assertions about Stripe's error objects.
import assert from 'node:assert/strict';

// The call is refused, by an SDK, with exactly these: rejects(promise, {status: 400, code: 'parameter_unknown',
// param: 'foo'}). Only the keys given are compared; undefined means that the answer must not have the key;
// a message may be a regular expression. Answers the error.
export async function rejects(promise, expected) {
    let error;
    try {
        await promise;
    } catch (thrown) {
        error = thrown;
    }
    assert(error, 'the call succeeded but had to be refused');
    // `raw` is the error object of the wire; an error without it is no answer of the server.
    if (!error.raw || !error.statusCode) throw error.detail ?? error;
    refused({ status: error.statusCode, json: { error: error.raw } }, expected);
    return error;
}

// The same for an answer of raw().
export function refused({ status, json }, expected) {
    const error = json?.error ?? {};
    const actual = { status, type: error.type, code: error.code, param: error.param, message: error.message };
    for (const [key, value] of Object.entries(expected)) {
        assert(key in actual, `an error has no '${key}' to compare`);
        const explained = `${key} of the error: ${JSON.stringify(actual, null, 2)}`;
        if (value instanceof RegExp) assert.match(String(actual[key]), value, explained);
        else assert.equal(actual[key], value, `${explained}\nexpected: ${JSON.stringify(value)}`);
    }
}
