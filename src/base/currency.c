/* Supported currencies, in the order of the API's own error messages. */
#include "base/currency.h"

#include <string.h>

#define SEPARATOR_LENGTH 2

/* Keys of maps may be three more, in the middle. */
#define FIRST                                                                          \
    "usd, aed, afn, all, amd, ang, aoa, ars, aud, awg, azn, bam, bbd, bdt, bgn, bhd, " \
    "bif, bmd, bnd, bob, brl, bsd, bwp, byn, bzd, cad, cdf, chf, clp, cny, cop, crc, " \
    "cve, czk, djf, dkk, dop, dzd, egp, etb, eur, fjd, fkp, gbp, gel, gip, gmd, gnf, " \
    "gtq, gyd, hkd, hnl, hrk, htg, huf, idr, ils, inr, isk, jmd, jod, jpy, kes, kgs, " \
    "khr, kmf, krw, kwd, kyd, kzt, lak, lbp, lkr, lrd, lsl, mad, mdl, mga, mkd, mmk, " \
    "mnt, mop, mur, mvr, mwk, mxn, myr, mzn, nad, ngn, nio, nok, npr, nzd, omr, pab, " \
    "pen, pgk, php, pkr, pln, pyg, qar, ron, rsd, rub, rwf, sar, sbd, scr, sek, sgd, " \
    "shp, sle, sos, srd, std, szl, thb, tjs, tnd, top, try, ttd, twd, tzs, uah, ugx, " \
    "uyu, uzs, vnd, vuv, wst, xaf, xcd, xcg, xof, xpf, yer, zar, zmw, usdc, "
#define LAST "btn, ghs, eek, lvl, svc, vef, ltl, sll, mro"

const char currency_list[] = FIRST LAST;

const char currency_key_list[] = FIRST "eurc, usdt, open_usd, " LAST;

bool currency_is_listed(const char *list, struct str code)
{
    for (const char *entry = list;;) {
        size_t length = strcspn(entry, ",");
        if (length == code.length && memcmp(entry, code.data, length) == 0)
            return true;
        if (entry[length] == '\0')
            return false;
        entry += length + SEPARATOR_LENGTH;
    }
}

int currency_decimals(struct str code)
{
    static const char none[] = "bif, clp, djf, gnf, jpy, kmf, krw, mga, pyg, rwf, vnd, vuv, xaf, "
                               "xof, xpf";
    static const char three[] = "bhd, jod, kwd, omr, tnd";
    return currency_is_listed(none, code) ? 0 : currency_is_listed(three, code) ? 3 : 2;
}
