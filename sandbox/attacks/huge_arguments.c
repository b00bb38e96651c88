int main(void) {
    static char *arguments[5000], text[131000];
    memset(text, 'x', sizeof text - 1);
    for (int n = 0; n < 4999; n++) arguments[n] = text;
    must_fail("execv", execv("/proc/self/exe", arguments), E2BIG, ENOMEM);
    return verdict();
}
