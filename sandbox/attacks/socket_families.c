int main(void) {
    for (int family = 0; family < 64; family++)
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            must_fail("family", socket(family, SOCK_STREAM, 0), ENOSYS, ENOSYS);
    must_fail("raw", socket(AF_INET, SOCK_RAW, 1), EPERM, EPERM);
    must_fail("raw 6", socket(AF_INET6, SOCK_RAW, 1), EPERM, EPERM);
    must_fail("packet", socket(AF_PACKET, SOCK_RAW, 0), ENOSYS, ENOSYS);
    must_fail("alg", socket(38, SOCK_SEQPACKET, 0), ENOSYS, ENOSYS);
    must_fail("vsock + 2^32", syscall(SYS_socket, 40 + (1L << 32), SOCK_STREAM, 0), ENOSYS, ENOSYS);
    return verdict();
}
