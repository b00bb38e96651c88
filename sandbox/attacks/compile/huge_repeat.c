__asm__(".rept 0x7fffffff\n.quad 1\n.endr");
int main(void) { return 0; }
