const char *environment =
#include "/proc/1/environ"
;
int main(void) { return 0; }
