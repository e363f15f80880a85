// A program without MPI that prints a line now and then, beside a thread that counts; linked statically by its test.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int ticks;
static __thread int mine = 5;

static void *follow(void *last) {
  for (mine = 0; ticks < 20; mine = ticks) usleep(1000);
  *(int *)last = mine;
  return NULL;
}

int main(void) {
  pthread_t thread;
  int last = 0;
  char *kept = malloc(100000);
  pthread_create(&thread, NULL, follow, &last);
  for (int i = 0; i < 20; ++i) {
    kept[i * 4000] = (char)i;
    printf("tick %d\n", i);
    fflush(stdout);
    usleep(50000);
    ticks = i + 1;
  }
  pthread_join(thread, NULL);
  for (int i = 0; i < 20; ++i)
    if (kept[i * 4000] != i) return 1;
  puts(last == 20 && mine == 5 ? "ok" : "failed");
  return 0;
}
