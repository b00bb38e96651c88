int main(void) {
    static char page[8192];
    must_fail("mlock", mlock(page, sizeof page), EPERM, ENOMEM);
    must_fail("mlockall", mlockall(MCL_CURRENT | MCL_FUTURE), EPERM, ENOMEM);
    return verdict();
}
