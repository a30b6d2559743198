// What tests of invoices share: accounts with drafts on them, and the events of a flow.
import { account } from './billing.js';
import { raw } from './client.js';

export const ACACIA = '2025-02-24.acacia'; // the last version in which invoices are paid, not only have a status
export const CLOVER = '2025-10-29.clover';

export function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

export function invoicing(server) {
    const own = account(server);
    const { sdk, key } = own;

    // The body of a successful answer in some version; a GET without a form.
    async function call(path, form, version, method = form ? 'POST' : 'GET') {
        const { status, json, text } = await raw(server, { method, path, form, key, version });
        if (status !== 200) throw Object.assign(new Error(text), { statusCode: status, raw: json.error });
        return json;
    }

    return {
        ...own,
        call,

        // A draft with items of these amounts, for a new customer if none is named.
        async draft({ lines = [1000], customer, ...fields } = {}) {
            const payer = customer ?? (await sdk.customers.create()).id;
            const { id } = await sdk.invoices.create({ customer: payer, ...fields });
            for (const amount of lines) {
                await sdk.invoiceItems.create({ customer: payer, invoice: id, amount, currency: fields.currency });
            }
            return sdk.invoices.retrieve(id);
        },

        // A customer whose card can be saved and then declines.
        async decliner(fields) {
            const { id } = await sdk.customers.create(fields);
            const method = await sdk.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: id });
            return sdk.customers.update(id, { invoice_settings: { default_payment_method: method.id } });
        },

        // Runs it and answers with what it answers and the events that it causes, oldest first.
        async caused(flow) {
            const before = (await call('/v1/events?limit=1')).data[0]?.id;
            const answer = await flow();
            const path = before ? `/v1/events?limit=100&ending_before=${before}` : '/v1/events?limit=100';
            const { data } = await call(path);
            return { answer, events: data.reverse() };
        },
    };
}
