/* Public and private addresses. */
#include "base/address.h"

#include "base/arena.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define HOST_BYTES_MAX 253

static const struct {
    int family;
    const char *network;
    unsigned bits;
} reserved[] = {
    {AF_INET, "0.0.0.0", 8},      {AF_INET, "10.0.0.0", 8},     {AF_INET, "100.64.0.0", 10},
    {AF_INET, "127.0.0.0", 8},    {AF_INET, "169.254.0.0", 16}, {AF_INET, "172.16.0.0", 12},
    {AF_INET, "192.0.0.0", 24},   {AF_INET, "192.0.2.0", 24},   {AF_INET, "192.88.99.0", 24},
    {AF_INET, "192.168.0.0", 16}, {AF_INET, "198.18.0.0", 15},  {AF_INET, "198.51.100.0", 24},
    {AF_INET, "203.0.113.0", 24}, {AF_INET, "224.0.0.0", 4},    {AF_INET, "240.0.0.0", 4},
    {AF_INET6, "::", 96}, /* unspecified, loopback, IPv4-compatible */
    {AF_INET6, "::ffff:0:0", 96}, {AF_INET6, "64:ff9b::", 96},  {AF_INET6, "64:ff9b:1::", 48},
    {AF_INET6, "100::", 64},      {AF_INET6, "2001::", 32},     {AF_INET6, "2001:db8::", 32},
    {AF_INET6, "2002::", 16},     {AF_INET6, "fc00::", 7},      {AF_INET6, "fe80::", 10},
    {AF_INET6, "fec0::", 10},     {AF_INET6, "ff00::", 8},
};

static bool is_within(const unsigned char *address, const unsigned char *network, unsigned bits)
{
    unsigned char mask = (unsigned char)(0xFF00 >> bits % 8);
    return memcmp(address, network, bits / 8) == 0 &&
           (bits % 8 == 0 || (address[bits / 8] & mask) == network[bits / 8]);
}

static bool bytes_are_public(int family, const void *bytes)
{
    unsigned char network[sizeof(struct in6_addr)];
    for (size_t i = 0; i < ARRAY_LENGTH(reserved); i++)
        if (reserved[i].family == family && inet_pton(family, reserved[i].network, network) == 1 &&
            is_within(bytes, network, reserved[i].bits))
            return false;
    return true;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return bytes_are_public(AF_INET,
                                &((const struct sockaddr_in *)(const void *)address)->sin_addr);
    return address->sa_family == AF_INET6 &&
           bytes_are_public(AF_INET6,
                            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

struct str address_group(struct arena *arena, struct str text)
{
    struct in_addr four;
    struct in6_addr six;
    char *group = arena_alloc(arena, INET6_ADDRSTRLEN);
    const char *written = str_copy(arena, text).data;
    if (inet_pton(AF_INET, written, &four) == 1)
        return str_from(inet_ntop(AF_INET, &four, group, INET6_ADDRSTRLEN));
    if (inet_pton(AF_INET6, written, &six) != 1)
        return STR_NULL;
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return str_from(inet_ntop(AF_INET, &six.s6_addr[12], group, INET6_ADDRSTRLEN));
    memset(&six.s6_addr[8], 0, 8);
    return str_from(inet_ntop(AF_INET6, &six, group, INET6_ADDRSTRLEN));
}

static bool is_host_name(const char *name)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *name && *name != '.' && !strstr(name, "..") && name[strspn(name, characters)] == '\0';
}

static bool name_is_local(const char *name)
{
    static const char *const endings[] = {".localhost", ".local", ".internal"};
    size_t length = strlen(name);
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return strcasecmp(name, "localhost") == 0 || !strchr(name, '.');
}

/* `host` may be a name or any spelling of an IPv4 address that the system understands: 127.1,
 * 0x7f000001, 2130706433. */
static enum url_reach host_reach(char *host)
{
    struct in_addr address;
    size_t length = strlen(host);
    if (length > 1 && host[length - 1] == '.')
        host[length - 1] = '\0';
    if (!is_host_name(host))
        return URL_INVALID;
    if (inet_aton(host, &address))
        return bytes_are_public(AF_INET, &address) ? URL_PUBLIC : URL_PRIVATE;
    return name_is_local(host) ? URL_PRIVATE : URL_PUBLIC;
}

static enum url_reach bracketed_reach(const char *host)
{
    struct in6_addr address;
    if (inet_pton(AF_INET6, host, &address) != 1)
        return URL_INVALID;
    return bytes_are_public(AF_INET6, &address) ? URL_PUBLIC : URL_PRIVATE;
}

static bool port_is_usual(bool https, int64_t port)
{
    return https ? port == 443 || port == 8443 : port == 80;
}

enum url_reach url_reach(struct str url)
{
    bool https = str_starts(url, STR("https://"));
    size_t scheme = https ? strlen("https://") : strlen("http://");
    if (!https && !str_starts(url, STR("http://")))
        return URL_INVALID;
    for (size_t i = 0; i < url.length; i++)
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7F)
            return URL_INVALID;
    struct str authority = {url.data + scheme, 0}, port = STR_NULL;
    while (authority.length < url.length - scheme &&
           !memchr("/?#", authority.data[authority.length], 3))
        authority.length++;
    struct str host = authority;
    bool bracketed = host.length && host.data[0] == '[';
    if (bracketed) {
        host = str_split((struct str){host.data + 1, host.length - 1}, ']', &port);
        if (!port.data || (port.length && port.data[0] != ':'))
            return URL_INVALID;
        port = port.length ? (struct str){port.data + 1, port.length - 1} : STR_NULL;
    } else {
        host = str_split(host, ':', &port);
    }
    int64_t number = https ? 443 : 80;
    if (port.data && (!str_to_int64(port, &number) || number < 1 || number > UINT16_MAX))
        return URL_INVALID;
    char name[HOST_BYTES_MAX + 1] = "";
    if (!host.length || host.length > HOST_BYTES_MAX || memchr(host.data, '\0', host.length))
        return URL_INVALID;
    memcpy(name, host.data, host.length);
    enum url_reach reach = bracketed ? bracketed_reach(name) : host_reach(name);
    return reach == URL_PUBLIC && !port_is_usual(https, number) ? URL_PRIVATE : reach;
}
