// The 32-bit door: getpid in the numbering of another machine.
int main(void) {
    long result = 20;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
#endif
    printf("%ld came back\n", result);
    return 1;
}
