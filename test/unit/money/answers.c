/* Answers questions about money, one line each, for oracle.js:
 *
 *   discounts LINES AMOUNT… DISCOUNTS (PERCENT AMOUNT_OFF APPLIES…)…   for each: total taken…
 *   line PERCENT AMOUNT_OFF AMOUNT                                     taken
 *   unit TEXT QUANTITY                                                 shortest text, amount; or no
 *   months TIME COUNT                                                  time */
#include "base/amount.h"
#include "base/arena.h"
#include "money/calendar.h"
#include "money/discount.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 250

static int64_t read_number(void)
{
    int64_t number;
    if (scanf("%" SCNd64, &number) != 1) {
        fprintf(stderr, "answers: a number is missing\n");
        exit(1);
    }
    return number;
}

static struct discount_terms read_terms(void)
{
    struct discount_terms terms = {.percent_off = read_number()};
    terms.amount_off = read_number();
    return terms;
}

static void answer_discounts(void)
{
    int64_t remaining[LINES_MAX], taken[LINES_MAX];
    bool applies[LINES_MAX];
    size_t count = (size_t)read_number();
    if (count > LINES_MAX)
        exit(1);
    for (size_t i = 0; i < count; i++)
        remaining[i] = read_number();
    for (int64_t discounts = read_number(); discounts > 0; discounts--) {
        struct discount_terms terms = read_terms();
        for (size_t i = 0; i < count; i++)
            applies[i] = read_number() != 0;
        printf("%" PRId64 " ", discount_of_lines(terms, count, applies, remaining, taken));
        for (size_t i = 0; i < count; i++)
            printf("%" PRId64 " ", taken[i]);
    }
}

static void answer_unit(struct arena *arena)
{
    char text[64];
    int64_t whole, fraction;
    if (scanf("%63s", text) != 1)
        exit(1);
    int64_t quantity = read_number();
    if (!unit_decimal_parse(str_from(text), &whole, &fraction)) {
        printf("no");
        return;
    }
    struct arena_mark mark = arena_mark(arena);
    printf("%.*s %" PRId64, STR_FMT(unit_decimal_write(arena, whole, fraction)),
           unit_decimal_times(whole, fraction, quantity));
    arena_rewind(arena, mark);
}

int main(void)
{
    char question[16];
    struct arena arena;
    arena_init(&arena);
    while (scanf("%15s", question) == 1) {
        if (strcmp(question, "discounts") == 0) {
            answer_discounts();
        } else if (strcmp(question, "line") == 0) {
            struct discount_terms terms = read_terms();
            printf("%" PRId64, discount_of_line(terms, read_number()));
        } else if (strcmp(question, "unit") == 0) {
            answer_unit(&arena);
        } else if (strcmp(question, "months") == 0) {
            int64_t time = read_number();
            printf("%" PRId64, calendar_add_months(time, read_number()));
        } else {
            return 1;
        }
        putchar('\n');
    }
    arena_release(&arena);
    return 0;
}
