#pragma once

// The parts of libcurl that Swift cannot import: its variadic functions, as one inline function for each type of
// argument, and the constants that are macros or belong to unnamed enums.

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static inline CURLcode rivet_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode rivet_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode rivet_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode rivet_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*rivet_curl_data_function)(char *data, size_t size, size_t count, void *context);
typedef int (*rivet_curl_seek_function)(void *context, curl_off_t offset, int origin);

/// For CURLOPT_READFUNCTION and CURLOPT_WRITEFUNCTION.
static inline CURLcode rivet_curl_set_data_function(CURL *handle, CURLoption option, rivet_curl_data_function value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode rivet_curl_set_seek_function(CURL *handle, rivet_curl_seek_function value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode rivet_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}

static inline CURLMcode rivet_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// Opens a handle's sockets close-on-exec, which libcurl of Debian 12 does not do. Also sets TCP_USER_TIMEOUT, for
/// which libcurl has no option: the kernel drops a connection whose peer has acknowledged nothing for `context`
/// milliseconds.
static inline curl_socket_t rivet_curl_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    int descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (descriptor >= 0 && address->socktype == SOCK_STREAM && (address->family == AF_INET || address->family == AF_INET6)) {
        unsigned int milliseconds = (unsigned int)(size_t)context;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    }
    return descriptor;
}

static inline CURLcode rivet_curl_set_open_socket(CURL *handle, unsigned int unacknowledged_ms) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, rivet_curl_open_socket);
    if (code != CURLE_OK) return code;
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, (void *)(size_t)unacknowledged_ms);
}

static const long rivet_curl_http_2_over_tls = CURL_HTTP_VERSION_2TLS;
static const long rivet_curl_http_1_1 = CURL_HTTP_VERSION_1_1;
static const long rivet_curl_no_multiplexing = CURLPIPE_NOTHING;
static const long rivet_curl_global_all = CURL_GLOBAL_ALL;
static const int rivet_curl_error_bytes = CURL_ERROR_SIZE;
static const size_t rivet_curl_read_abort = CURL_READFUNC_ABORT;

/// The `Date` header of the response, in seconds since 1970; -1 when it has none.
static inline long long rivet_curl_date(CURL *handle) {
    struct curl_header *header = NULL;
    if (curl_easy_header(handle, "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK || !header) return -1;
    return (long long)curl_getdate(header->value, NULL);
}
