// Tries what a program may want of its machine, as its first argument says.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return 3;
}

static int cat(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return fail(path);
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) fwrite(buffer, 1, n, stdout);
  return fclose(file) == 0 ? 0 : fail(path);
}

static int list(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return fail(path);
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] != '.') printf("%s%s\n", entry->d_name, entry->d_type == DT_DIR ? "/" : "");
  }
  closedir(folder);
  return 0;
}

static int save(const char *path, const char *text, const char *mode) {
  FILE *file = fopen(path, mode);
  if (!file) return fail(path);
  if (fputs(text, file) < 0 || fclose(file) != 0) return fail(path);
  return 0;
}

static int tail(const char *path, long count) {
  FILE *file = fopen(path, "r");
  if (!file) return fail(path);
  if (fseek(file, -count, SEEK_END) != 0) return fail(path);
  printf("from %ld: ", ftell(file));
  for (int c; (c = getc(file)) != EOF;) putchar(c);
  return 0;
}

int main(int count, char **args) {
  const char *what = count > 1 ? args[1] : "";
  if (!strcmp(what, "cat")) return cat(args[2]);
  if (!strcmp(what, "list")) return list(args[2]);
  if (!strcmp(what, "write")) return save(args[2], args[3], "w");
  if (!strcmp(what, "append")) return save(args[2], args[3], "a");
  if (!strcmp(what, "tail")) return tail(args[2], atol(args[3]));
  if (!strcmp(what, "remove")) return remove(args[2]) == 0 ? 0 : fail(args[2]);
  if (!strcmp(what, "rename")) return rename(args[2], args[3]) == 0 ? 0 : fail(args[2]);
  if (!strcmp(what, "mkdir")) return mkdir(args[2], 0755) == 0 ? 0 : fail(args[2]);
  if (!strcmp(what, "link")) return symlink(args[2], args[3]) == 0 ? 0 : fail(args[3]);
  if (!strcmp(what, "size")) {
    struct stat found;
    if (stat(args[2], &found) != 0) return fail(args[2]);
    printf("%lld %s\n", (long long)found.st_size, S_ISDIR(found.st_mode) ? "folder" : "file");
    return 0;
  }
  if (!strcmp(what, "env")) {
    const char *value = getenv(args[2]);
    puts(value ? value : "(none)");
    return 0;
  }
  if (!strcmp(what, "exit")) {
    fputs("about to end\n", stderr);
    exit(atoi(args[2]));
  }
  if (!strcmp(what, "clock")) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%ld\n", now.tv_nsec % 1000000);
    return 0;
  }
  if (!strcmp(what, "sleep")) return usleep(atoi(args[2]) * 1000);
  if (!strcmp(what, "random")) {
    unsigned char bytes[16];
    if (getentropy(bytes, sizeof bytes) != 0) return fail("random");
    for (int n = 0; n < 16; n++) printf("%02x", bytes[n]);
    return 0;
  }
  if (!strcmp(what, "flood")) {
    for (long n = 0;; n++) puts("more and more and more");
  }
  if (!strcmp(what, "chatter")) {
    for (long n = 0; n < 20000; n++) fprintf(stderr, "line %ld\n", n);
    return 0;
  }
  fprintf(stderr, "what is \"%s\"?\n", what);
  return 2;
}
