static void *rest(void *none) { pause(); return none; }
int main(void) {
    int made = 0, why = 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (; made < 5000; made++) {
        pthread_t thread;
        if ((why = pthread_create(&thread, &small, rest, 0))) break;
    }
    printf("made %d, then %s\n", made, strerror(why));
    fflush(stdout);
    _exit(0);
}
