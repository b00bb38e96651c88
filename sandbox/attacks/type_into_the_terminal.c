int main(void) {
    char letter = 'x';
    must_fail("TIOCSTI", ioctl(0, TIOCSTI, &letter), ENOSYS, ENOSYS);
    must_fail("TIOCLINUX", ioctl(0, 0x541c, &letter), ENOSYS, ENOSYS);
    // The kernel looks at 32 bits of the number; a filter that compares 64 would miss it.
    must_fail("TIOCSTI + 2^32", syscall(SYS_ioctl, 0, TIOCSTI + (1L << 32), &letter), ENOSYS, ENOSYS);
    must_fail("TIOCLINUX + 2^32", syscall(SYS_ioctl, 0, 0x541c + (1L << 32), &letter), ENOSYS, ENOSYS);
    must_fail("/dev/tty", open("/dev/tty", O_RDWR), ENOENT, ENXIO);
    return verdict();
}
