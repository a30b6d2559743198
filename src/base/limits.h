#pragma once
/* Every limit of the service, in one place. Each is tested at one below, at, and one above. */

/* HTTP */
#define REQUEST_LINE_BYTES_MAX 8192
#define HEADER_LINE_BYTES_MAX 8192
#define HEADER_BYTES_MAX 32768
#define HEADER_COUNT_MAX 100
#define HEADER_READ_BYTES_MAX 1024        /* of one that somebody reads; the rest is passed over */
#define HEADER_VALUES_READ_BYTES_MAX 4096 /* of all of those together */
#define BODY_BYTES_MAX (1024 * 1024)
#define SEED_BODY_BYTES_MAX (16 * 1024 * 1024)
#define CONNECTIONS_MAX 16000
#define CONNECTIONS_PER_ADDRESS_MAX 512
#define CONNECTION_IDLE_SECONDS 75
#define REQUEST_HEAD_SECONDS 10
#define REQUEST_BODY_SECONDS 60
#define REQUESTS_PER_CONNECTION_MAX 100000
#define RESPONSE_GRACE_SECONDS 15
#define RESPONSE_BYTES_PER_SECOND_MIN 1024
#define RESPONSE_BYTES_MAX (64 * 1024 * 1024)
#define DRAIN_SECONDS 10

/* Forms */
#define FORM_PARAMETERS_MAX 1000
#define FORM_KEY_BYTES_MAX 512
#define FORM_DEPTH_MAX 8
#define FORM_ITEMS_MAX 100
#define STRING_CHARACTERS_MAX 5000
#define METADATA_KEYS_MAX 50
#define METADATA_KEY_CHARACTERS_MAX 40
#define METADATA_VALUE_CHARACTERS_MAX 500
#define EXPAND_PATHS_MAX 20
#define EXPAND_DEPTH_MAX 4

/* Values */
#define AMOUNT_MAX 99999999
#define COUNT_MAX 2147483647
#define TIMESTAMP_MAX INT64_C(253402300799) /* the last second of the year 9999 */
#define COUPON_NAME_CHARACTERS_MAX 40
#define CODE_CHARACTERS_MAX 500
#define EMAIL_CHARACTERS_MAX 512
#define LOOKUP_KEY_CHARACTERS_MAX 200
#define CARD_EXPIRY_YEARS_MAX 50 /* how far ahead a card may expire */
#define SCHEDULE_YEARS_MAX 5     /* how far ahead redeem_by and expires_at may lie */

/* Billing */
#define DISCOUNTS_MAX 20 /* on one object */
#define INVOICE_LINES_MAX 250
#define SUBSCRIPTION_ITEMS_MAX 20

/* Redemptions */
#define AMOUNT_OFF_TOTAL_MAX INT64_C(999999999999)
#define HOLD_SECONDS_DEFAULT (30 * 60)
#define HOLD_SECONDS_MAX (7 * 86400)
#define CLIENT_REFERENCE_CHARACTERS_MAX 200
#define ATTEMPT_RETENTION_SECONDS (30 * 86400)
#define ATTEMPTS_FORGOTTEN_MAX 1000    /* at once */
#define APPLICABLE_OWN_CODES_MAX 200   /* how many of a customer's own codes are looked at */
#define APPLICABLE_OPEN_CODES_MAX 1000 /* and how many of all codes, the newest */

/* Guesses: look-ups of codes that do not exist, per account and mode */
#define GUESSES_PER_CUSTOMER_MINUTE 10
#define GUESSES_PER_CUSTOMER_DAY 100
#define GUESSES_PER_ADDRESS_MINUTE 300
#define GUESSES_PER_ADDRESS_DAY 10000
#define GUESSES_PER_KEY_MINUTE 600
#define GUESSES_PER_KEY_DAY 50000
#define GUESSERS_MAX 8192        /* remembered at once */
#define GUESS_REFUSAL_SECONDS 60 /* in which one attempt of a guesser is kept that is refused */

/* Checkout */
#define CHECKOUT_SECONDS_MIN 1800
#define CHECKOUT_SECONDS_MAX 86400
#define CHECKOUT_QUANTITY_MAX 999999
#define TRIAL_SECONDS_MIN (2 * 86400) /* when its end is named */
#define HEADLINE_CHARACTERS_MAX 60
#define PORTAL_PRODUCTS_MAX 10
#define PORTAL_ENTER_SECONDS 300
#define PORTAL_IDLE_SECONDS 3600
#define CODE_REFUSALS_MAX 10 /* of a buyer, in CODE_REFUSAL_SECONDS */
#define CODE_REFUSAL_SECONDS 60

/* Lists */
#define LIST_LIMIT_DEFAULT 10
#define LIST_LIMIT_MAX 100
#define EVENT_TYPES_MAX 20
#define LOOKUP_KEYS_MAX 10

/* Webhooks */
#define WEBHOOK_ENDPOINTS_MAX 16 /* of an account, in each mode */
#define DELIVERIES_MAX 16        /* under way at once */
#define ENDPOINT_DELIVERIES_MAX 2
#define DELIVERY_CONNECT_MS_MAX 5000
#define DELIVERY_MS_MAX 20000
#define DELIVERY_ANSWER_BYTES_MAX 65536
#define DELIVERY_RETRY_SECONDS_MAX (3 * 86400)

/* Batches of codes */
#define CODES_PER_BATCH_MAX 1000000
#define PATTERN_CHARACTERS_MAX 100
#define CODES_PER_IMPORT_MAX 1000
#define CODE_SHAPES_MAX 64             /* of an account in one mode, by which codes are refused */
#define CODE_SHAPE_EXCEPTIONS_MAX 1000 /* codes that are wrong for one of them */
#define CODE_SHAPE_ROWS_MAX 20000      /* codes that are looked at for a new one */

/* Import */
#define PLACES_AHEAD_SECONDS_MAX (7 * 24 * 3600) /* of imported objects, of the clock */
#define IMPORTED_ID_CHARACTERS_MAX 255

/* Idempotency */
#define IDEMPOTENCY_KEY_BYTES_MAX 255
#define IDEMPOTENCY_RETENTION_SECONDS 86400

/* Executor */
#define QUEUE_LENGTH_MAX 4096
#define QUEUE_WAIT_MS_MAX 2000
#define BATCH_LENGTH_MAX 512
#define REQUEST_ATTEMPTS_MAX 3
