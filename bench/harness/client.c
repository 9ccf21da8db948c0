/*
 * A client as cheap as can be made, so that the proxies are what is measured, not the ends.
 *
 *   client setup PORT AUTHORITY COUNT GAP_MS
 *     opens tunnels through 127.0.0.1:PORT one after the other; prints one line each: microseconds from connect() to
 *     the end of the answer's head, and its status (0 when there was none).
 *   client download PORT AUTHORITY PATH
 *     fetches http://AUTHORITY/PATH in one tunnel; prints the seconds from the request to the last byte, and the
 *     bytes. The bytes are thrown away in the kernel (MSG_TRUNC, tcp(7)).
 *   client direct PORT AUTHORITY PATH
 *     the same without a tunnel, from 127.0.10.80:PORT.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int open_connection(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval limit = {.tv_sec = 60};
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  inet_pton(AF_INET, host, &address.sin_addr);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

/* Reads up to the empty line, and not one byte more than came with it; *extra is how many those were. */
static int read_head(int fd, char *head, size_t size, size_t *extra) {
  size_t length = 0;
  char *end = NULL;
  while (!end && length < size - 1) {
    ssize_t got = recv(fd, head + length, size - 1 - length, 0);
    if (got <= 0) return 0;
    length += got;
    head[length] = 0;
    end = strstr(head, "\r\n\r\n");
  }
  if (!end) return 0;
  *extra = length - (end + 4 - head);
  return length > 12 ? atoi(head + 9) : 0;
}

static int open_tunnel(int fd, const char *authority) {
  char head[16384];
  size_t extra;
  int length = snprintf(head, sizeof head, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", authority, authority);
  if (fd < 0 || send(fd, head, length, MSG_NOSIGNAL) != length) return 0;
  return read_head(fd, head, sizeof head, &extra);
}

static int setup(int port, const char *authority, int count, int gap) {
  for (int i = 0; i < count; i++) {
    double start = now();
    int fd = open_connection("127.0.0.1", port);
    int status = open_tunnel(fd, authority);
    printf("%.1f %d\n", (now() - start) * 1e6, status);
    if (fd >= 0) close(fd);
    usleep(gap * 1000);
  }
  return 0;
}

static int download(int fd, const char *authority, const char *path) {
  static char buffer[16384];
  char *field;
  size_t extra;
  long long whole, bytes;
  double start = now();
  int length = snprintf(buffer, sizeof buffer, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path,
                        authority);
  if (send(fd, buffer, length, MSG_NOSIGNAL) != length) return 1;
  if (read_head(fd, buffer, sizeof buffer, &extra) != 200) return fprintf(stderr, "%.200s\n", buffer), 1;
  field = strcasestr(buffer, "\r\nContent-Length:");
  whole = field ? atoll(field + 17) : -1;
  bytes = extra;
  while (bytes < whole) {
    ssize_t got = recv(fd, NULL, 4 << 20, MSG_TRUNC);
    if (got <= 0) break;
    bytes += got;
  }
  printf("%.6f %lld\n", now() - start, bytes);
  return bytes == whole ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc == 6 && !strcmp(argv[1], "setup")) return setup(atoi(argv[2]), argv[3], atoi(argv[4]), atoi(argv[5]));
  if (argc == 5 && !strcmp(argv[1], "direct"))
    return download(open_connection("127.0.10.80", atoi(argv[2])), argv[3], argv[4]);
  if (argc == 5 && !strcmp(argv[1], "download")) {
    int fd = open_connection("127.0.0.1", atoi(argv[2]));
    int status = open_tunnel(fd, argv[3]);
    if (status == 200) return download(fd, argv[3], argv[4]);
    return fprintf(stderr, "CONNECT was answered with %d\n", status), 1;
  }
  return fprintf(stderr, "see the head of client.c\n"), 2;
}
