// An empty account with calls that answer the object, or fail the test.
import assert from 'node:assert/strict';
import { newKey, raw } from './client.js';

export function account(server, version) {
    const key = newKey();
    const call = (method, path, form, rest) => raw(server, { method, path, form, key, version, ...rest });
    const must = async (...request) => {
        const { status, text, json } = await call(...request);
        assert.equal(status, 200, `${request.slice(0, 2).join(' ')}: ${text}`);
        return json;
    };
    const post = (path, form, rest) => must('POST', path, form, rest);
    const get = (path, form, rest) => must('GET', path, form, rest);
    return {
        key,
        call,
        post,
        get,
        coupon: (form) => post('/v1/coupons', { percent_off: 25, ...form }),
        code: (coupon, form) => post('/v1/promotion_codes', { promotion: { type: 'coupon', coupon }, ...form }),
        customer: (form) => post('/v1/customers', form),
        redeem: (form) => post('/v1/redemptions', form),
        hold: (form) => post('/v1/redemptions', { capture_method: 'manual', ...form }),
        preview: (form) => post('/v1/redemptions/preview', form),
        refuse: (form) => call('POST', '/v1/redemptions', form),
        capture: (id, form) => post(`/v1/redemptions/${id}/capture`, form),
        cancel: (id, form) => post(`/v1/redemptions/${id}/cancel`, form),
        async list(path, form) {
            return (await get(path, { limit: 100, ...form })).data;
        },
        async events(type) {
            return (await get('/v1/events', { limit: 100, type })).data;
        },
    };
}

// Asks until it is so, for at most `seconds`.
export async function until(condition, seconds = 20) {
    for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline;) {
        const found = await condition();
        if (found) return found;
    }
    throw new Error(`not within ${seconds} s: ${condition}`);
}
