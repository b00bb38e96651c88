int main(void) {
    if (vfork() == 0) { sleep(1000); _exit(0); }
    return 0;
}
