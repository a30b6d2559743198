#pragma once
/* Patterns of generated codes, such as SUMMER-####-####: each # is drawn from an alphabet, letters,
 * digits, - and _ stand for themselves. The last # can be a check character: a code with one wrong
 * character, or with two neighbours swapped, is then none that the pattern could have made. */
#include "base/str.h"

struct random;

enum code_alphabet {
    ALPHABET_ALPHANUMERIC = 1,
    ALPHABET_DIGITS,
    ALPHABET_LETTERS,
    ALPHABET_UNAMBIGUOUS /* neither 0 and O nor 1, I and L */
};

/* Their names, from the first one on; NULL after the last. */
extern const char *const code_alphabet_names[];

struct code_pattern {
    struct str text;
    enum code_alphabet alphabet;
    bool check_character;
};

/* Whether the text is a pattern at all. */
bool code_pattern_is_valid(struct str text);

/* How many different codes the pattern has at least; what does not fit is INT64_MAX. */
int64_t code_pattern_capacity(const struct code_pattern *pattern);

/* How many guesses it takes, on average, to hit one of `count` codes: as an exponent of two,
 * rounded down. Negative: there are fewer codes than `count`. */
int64_t code_pattern_guess_bits(const struct code_pattern *pattern, int64_t count);

/* The fewest # for `count` codes. */
size_t code_pattern_places_for(const struct code_pattern *pattern, int64_t count);

/* Draws code number `place` of `count`; `target` has room for as many characters as the pattern
 * has. The first characters are spread evenly instead of drawn, as far as there are many codes for
 * each of them: codes that are made one after the other are then near each other in an index, and
 * as hard to guess, because no part of the space has more codes than another. A count of 0: all are
 * drawn. */
void code_pattern_draw(const struct code_pattern *pattern, struct random *random, int64_t place,
                       int64_t count, char *target);

enum code_fit {
    CODE_OTHER, /* it does not look like one of the pattern's codes */
    CODE_WRONG, /* it does, but for its check character */
    CODE_RIGHT, /* the pattern could have made it */
};

/* What a code is to the pattern, whatever its case. */
enum code_fit code_pattern_fit(const struct code_pattern *pattern, struct str code);
