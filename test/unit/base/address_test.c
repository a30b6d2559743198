/* Public and private addresses, and URLs in all their spellings. */
#include "lib/unit.h"

#include "base/address.h"
#include "base/arena.h"

#include <arpa/inet.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return address_is_public((const struct sockaddr *)&four);
    if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1)
        BREAKS("%s is no address", text);
    return address_is_public((const struct sockaddr *)&six);
}

/* The first and the last address of each reserved network, and what lies beside it. */
TEST(test_networks_begin_and_end_where_they_should)
{
    static const char *const within[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.0",
        "192.88.99.255",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "203.0.113.255",
        "224.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:8.8.8.8",
        "64:ff9b::1",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        "100::1",
        "2001::1",
        "2001:0:ffff::",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fdff:ffff::",
        "fe80::1",
        "febf:ffff::ffff",
        "fec0::1",
        "ff02::1",
        "ffff::",
    };
    static const char *const beside[] = {
        "1.0.0.0",     "9.255.255.255",   "11.0.0.0",    "100.63.255.255",
        "100.128.0.0", "126.255.255.255", "128.0.0.0",   "169.253.255.255",
        "169.255.0.0", "172.15.255.255",  "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",   "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0",  "198.51.101.0",    "203.0.114.0", "223.255.255.255",
        "2001:1::1",   "2606:4700::1111", "2003::1",     "64:ff9b:2::1",
        "101::1",      "fbff::1",         "2000::1",     "::1:0:0:0:0",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(within); i++)
        if (is_public(within[i]))
            BREAKS("%s is taken for public", within[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(beside); i++)
        if (!is_public(beside[i]))
            BREAKS("%s is taken for private", beside[i]);
}

TEST(test_what_is_no_ip_address_is_not_public)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_false(address_is_public((const struct sockaddr *)&local));
}

TEST(test_urls_are_judged_by_host_and_port)
{
    static const struct {
        const char *url;
        enum url_reach reach;
    } urls[] = {
        {"http://example.com", URL_PUBLIC},
        {"https://example.com/a:b@c", URL_PUBLIC},
        {"https://example.com?x=http://127.0.0.1", URL_PUBLIC},
        {"https://example.com:8443#x", URL_PUBLIC},
        {"https://8.8.8.8.", URL_PUBLIC},
        {"https://[2606:4700::1111]:443/", URL_PUBLIC},
        {"https://example.com:444", URL_PRIVATE},
        {"http://example.com:8443", URL_PRIVATE},
        {"http://127.1", URL_PRIVATE},
        {"http://0x7f000001", URL_PRIVATE},
        {"http://017700000001", URL_PRIVATE},
        {"http://2130706433./", URL_PRIVATE},
        {"https://sub.localhost.", URL_PRIVATE},
        {"https://LOCALHOST", URL_PRIVATE},
        {"https://host", URL_PRIVATE},
        {"https://[::1]:443", URL_PRIVATE},
        {"", URL_INVALID},
        {"HTTPS://example.com", URL_INVALID},
        {"file:///etc/passwd", URL_INVALID},
        {"https://", URL_INVALID},
        {"https://:443", URL_INVALID},
        {"https://a@example.com", URL_INVALID},
        {"https://example.com\\@127.0.0.1", URL_INVALID},
        {"https://example.com:", URL_INVALID},
        {"https://example.com:443:443", URL_INVALID},
        {"https://example.com:+443", URL_INVALID},
        {"https://example.com:-1", URL_INVALID},
        {"https://example.com:65536", URL_INVALID},
        {"https://exam\tple.com", URL_INVALID},
        {"https://exam%70le.com", URL_INVALID},
        {"https://example.com/a\nb", URL_INVALID},
        {"https://example.com/\x7f", URL_INVALID},
        {"https://example..com", URL_INVALID},
        {"https://.", URL_INVALID},
        {"https://[::1", URL_INVALID},
        {"https://[::1]x", URL_INVALID},
        {"https://[fe80::1%25lo]", URL_INVALID},
        {"https://[127.0.0.1]", URL_INVALID},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(urls); i++)
        if (url_reach(str_from(urls[i].url)) != urls[i].reach)
            BREAKS("%s is %d", urls[i].url, (int)url_reach(str_from(urls[i].url)));
}

TEST(test_a_host_has_a_limit)
{
    char url[] = "https://"
                 "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa."
                 "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa."
                 "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa."
                 "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa."
                 "aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaaaaaaa.aaaa";
    struct str text = str_from(url);
    const size_t scheme = strlen("https://");
    assert_int_equal(text.length, scheme + 254);
    for (size_t length = 252; length <= 254; length++)
        assert_int_equal(url_reach((struct str){url, scheme + length}),
                         length <= 253 ? URL_PUBLIC : URL_INVALID);
}

TEST(test_who_is_behind_an_address)
{
    static const struct {
        const char *text;
        const char *group;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:0201", "192.0.2.1"},
        {"2001:db8:0:1::1", "2001:db8:0:1::"},
        {"2001:DB8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
        {"2001:db8:0:2::", "2001:db8:0:2::"},
        {"::1", "::"},
    };
    static const char *const bad[] = {
        "",      "1.2.3",  "1.2.3.256", "01.2.3.4",   "1.2.3.4 ", "fe80::1%lo",   "[::1]",
        "::1::", "0x7f.1", "localhost", "1.2.3.4:80", "::1.2.3",  "1:2:3:4:5:6:7"};
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_str(address_group(&arena, str_from(cases[i].text)), cases[i].group);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (address_group(&arena, str_from(bad[i])).data)
            BREAKS("%s is an address", bad[i]);
    arena_release(&arena);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_begin_and_end_where_they_should),
        cmocka_unit_test(test_what_is_no_ip_address_is_not_public),
        cmocka_unit_test(test_urls_are_judged_by_host_and_port),
        cmocka_unit_test(test_a_host_has_a_limit),
        cmocka_unit_test(test_who_is_behind_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
