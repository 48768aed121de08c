/* A plugin of qemu: how many instructions the guest executes, printed to stderr at its end.
 *
 * The declarations are those of qemu's documented plugin interface ("QEMU TCG Plugins", in its
 * developer's manual), whose header Debian does not package. Only what every version of the
 * interface has is used. VERSION is that of the interface to say that it was built for. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t id_t64;
struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(id_t64, void (*)(id_t64, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned int, void *),
                                          int, void *);
void qemu_plugin_register_atexit_cb(id_t64, void (*)(id_t64, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

EXPORTED int qemu_plugin_version = VERSION;

static uint64_t total;

static void executed(unsigned int cpu, void *count)
{
    (void)cpu;
    __atomic_fetch_add(&total, (uint64_t)(uintptr_t)count, __ATOMIC_RELAXED);
}

/* A block is translated once and executed often; its instructions are counted at its beginning. */
static void translated(id_t64 id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, 0,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void ended(id_t64 id, void *nothing)
{
    (void)id;
    (void)nothing;
    fprintf(stderr, "instructions %" PRIu64 "\n", total);
}

EXPORTED int qemu_plugin_install(id_t64 id, const void *about, int argc, char **argv)
{
    (void)about;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
