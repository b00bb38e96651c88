static volatile int zero;
static int deeper(int n) { char frame[4096]; memset(frame, n, sizeof frame); return deeper(n + 1) + frame[zero]; }
int main(void) { return deeper(0); }
