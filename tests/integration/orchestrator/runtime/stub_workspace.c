/* What runs in the test image instead of code-server: answers GET on port 8080, one connection after another.
   /healthz            200
   /exit/<code>        ends the process
   /write/<text>       writes it to /home/coder/note
   /read/<name>        answers the file of that name in /home/coder
   /eat                takes memory until there is none
   /connect/<a.b.c.d>  200 when port 8080 there can be reached within a second
   With the argument "flood" it only prints a lot and ends with code 3. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int fd, int status, const char* body) {
  char text[1024];
  int size = snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                      strlen(body), body);
  if (write(fd, text, (size_t)size) < 0) return;
}

static int reachable(const char* ip) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8080)};
  if (inet_pton(AF_INET, ip, &to.sin_addr) != 1) return 0;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  connect(fd, (struct sockaddr*)&to, sizeof to);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  int error = 1;
  socklen_t size = sizeof error;
  if (poll(&wait, 1, 1000) == 1) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  close(fd);
  return error == 0;
}

static void read_file(int fd, const char* name) {
  char path[256], body[512] = "";
  snprintf(path, sizeof path, "/home/coder/%s", name);
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    answer(fd, 404, "none");
    return;
  }
  if (fgets(body, sizeof body, file) == NULL) body[0] = 0;
  fclose(file);
  answer(fd, 200, body);
}

static void write_file(int fd, const char* text) {
  FILE* file = fopen("/home/coder/note", "w");
  if (file == NULL) {
    answer(fd, 500, "cannot write");
    return;
  }
  fputs(text, file);
  fclose(file);
  answer(fd, 200, "written");
}

static void eat(void) {
  for (;;) {
    char* block = malloc(1 << 20);
    if (block != NULL) memset(block, 1, 1 << 20);
  }
}

static void serve(int fd, char* path) {
  if (strcmp(path, "/healthz") == 0)
    answer(fd, 200, "ok");
  else if (strncmp(path, "/exit/", 6) == 0)
    _exit(atoi(path + 6));
  else if (strncmp(path, "/write/", 7) == 0)
    write_file(fd, path + 7);
  else if (strncmp(path, "/read/", 6) == 0)
    read_file(fd, path + 6);
  else if (strcmp(path, "/eat") == 0)
    eat();
  else if (strncmp(path, "/connect/", 9) == 0)
    answer(fd, reachable(path + 9) ? 200 : 403, "");
  else
    answer(fd, 404, "none");
}

/* 64 MiB of output in lines of 1 MiB, as a program gone mad prints them. */
static int flood(void) {
  static char line[1 << 20];
  memset(line, 'x', sizeof line - 1);
  line[sizeof line - 1] = '\n';
  for (int i = 0; i < 64; ++i) {
    for (size_t sent = 0; sent < sizeof line;) {
      ssize_t size = write(1, line + sent, sizeof line - sent);
      if (size < 0) return 9;
      sent += (size_t)size;
    }
  }
  return 3;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "flood") == 0) return flood();
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8080)};
  int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr*)&at, sizeof at) != 0 || listen(listener, 64) != 0) return 9;
  for (int i = 1; i < argc; ++i) printf("%s ", argv[i]);
  printf("as %d\n", (int)getuid());
  fflush(stdout);
  for (;;) {
    char head[2048], path[512];
    int fd = accept(listener, NULL, NULL);
    ssize_t size = read(fd, head, sizeof head - 1);
    if (size > 0) {
      head[size] = 0;
      if (sscanf(head, "GET %511s", path) == 1) serve(fd, path);
    }
    close(fd);
  }
}
