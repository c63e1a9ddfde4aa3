/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/image_format.h"

#include <dlfcn.h>
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"

#define BLOCK_LOG_SMALL  0 /* 1024 << 0: the journal alone has 1024 blocks */
#define BLOCK_LOG        2 /* 4096 */
#define SMALL            (64ull << 20)
#define BYTES_PER_INODE  8192
#define INODE_SIZE       256
#define GROUPS_PER_FLEX  4 /* as a power of two */

/* What we use of libext2fs, found by name in the opened library. */
struct ext2fs {
	void *library;
	io_manager *unix_io;
	typeof(ext2fs_initialize) *initialize;
	typeof(ext2fs_init_csum_seed) *init_checksums;
	typeof(ext2fs_allocate_tables) *allocate_tables;
	typeof(ext2fs_bg_flags_set) *set_group_flags;
	typeof(ext2fs_group_desc_csum_set) *set_group_checksum;
	typeof(ext2fs_mkdir) *mkdir;
	typeof(ext2fs_inode_alloc_stats2) *take_inode;
	typeof(ext2fs_update_bb_inode) *make_bad_blocks_inode;
	typeof(ext2fs_create_resize_inode) *make_resize_inode;
	typeof(ext2fs_default_journal_size) *journal_size;
	typeof(ext2fs_add_journal_inode2) *make_journal;
	typeof(ext2fs_close_free) *close;
	typeof(ext2fs_free) *free;
};

static void ext2fs_close_library(struct ext2fs *ext2fs)
{
	if (ext2fs->library)
		dlclose(ext2fs->library);
}

static bool find_functions(struct ext2fs *ext2fs)
{
	const struct {
		const char *name;
		void *place;
	} symbols[] = {
		{"unix_io_manager", &ext2fs->unix_io},
		{"ext2fs_initialize", &ext2fs->initialize},
		{"ext2fs_init_csum_seed", &ext2fs->init_checksums},
		{"ext2fs_allocate_tables", &ext2fs->allocate_tables},
		{"ext2fs_bg_flags_set", &ext2fs->set_group_flags},
		{"ext2fs_group_desc_csum_set", &ext2fs->set_group_checksum},
		{"ext2fs_mkdir", &ext2fs->mkdir},
		{"ext2fs_inode_alloc_stats2", &ext2fs->take_inode},
		{"ext2fs_update_bb_inode", &ext2fs->make_bad_blocks_inode},
		{"ext2fs_create_resize_inode", &ext2fs->make_resize_inode},
		{"ext2fs_default_journal_size", &ext2fs->journal_size},
		{"ext2fs_add_journal_inode2", &ext2fs->make_journal},
		{"ext2fs_close_free", &ext2fs->close},
		{"ext2fs_free", &ext2fs->free},
	};

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		/* POSIX promises that a function pointer fits; C would not let us assign it. */
		void **place = symbols[i].place;

		*place = dlsym(ext2fs->library, symbols[i].name);
		if (!*place)
			return false;
	}
	return true;
}

static int ext2fs_open_library(struct ext2fs *ext2fs, struct error *err)
{
	ext2fs->library = dlopen("libext2fs.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!ext2fs->library) {
		error_set(err, ENOSYS, "libext2fs.so.2");
		return error_hint(err,
				  "install libext2fs (Debian: libext2fs2, Fedora: e2fsprogs-libs), "
				  "or keep the changes on a file system with project quotas");
	}
	if (!find_functions(ext2fs))
		return error_set(err, ENOSYS, "libext2fs.so.2 lacks a function");
	return 0;
}

/* Codes above those of errno are the library's own, of which it has hundreds. */
static int tell(errcode_t code, const char *doing, struct error *err)
{
	if (code > 0 && code < 4096)
		return error_set(err, (int)code, "%s", doing);
	return error_set(err, 0, "%s: libext2fs says %ld", doing, (long)code);
}

static void choose(uint64_t size, struct ext2_super_block *wanted)
{
	uint64_t blocks = size >> (10 + (size < SMALL ? BLOCK_LOG_SMALL : BLOCK_LOG));

	memset(wanted, 0, sizeof(*wanted));
	wanted->s_rev_level = EXT2_DYNAMIC_REV;
	wanted->s_log_block_size = size < SMALL ? BLOCK_LOG_SMALL : BLOCK_LOG;
	wanted->s_log_cluster_size = wanted->s_log_block_size;
	wanted->s_blocks_count = (__u32)blocks;
	wanted->s_blocks_count_hi = (__u32)(blocks >> 32);
	wanted->s_inodes_count = (__u32)(size / BYTES_PER_INODE < UINT32_MAX / 2
						 ? size / BYTES_PER_INODE
						 : UINT32_MAX / 2);
	wanted->s_inode_size = INODE_SIZE;
	wanted->s_desc_size = EXT2_MIN_DESC_SIZE_64BIT;
	wanted->s_log_groups_per_flex = GROUPS_PER_FLEX;
	wanted->s_errors = EXT2_ERRORS_RO;
	wanted->s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_RESIZE_INODE |
				   EXT2_FEATURE_COMPAT_DIR_INDEX;
	wanted->s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
				     EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_64BIT;
	wanted->s_feature_ro_compat =
		EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
		EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
		EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static int identify(const struct ext2fs *ext2fs, ext2_filsys fs, struct error *err)
{
	struct ext2_super_block *super = fs->super;
	unsigned char *uuid = super->s_uuid;

	if (getrandom(uuid, sizeof(super->s_uuid), 0) != sizeof(super->s_uuid) ||
	    getrandom(super->s_hash_seed, sizeof(super->s_hash_seed), 0) !=
		    sizeof(super->s_hash_seed))
		return error_set(err, errno, "random numbers");
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40); /* RFC 4122: version 4 */
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
	super->s_def_hash_version = EXT2_HASH_HALF_MD4;
	super->s_flags |= (char)-1 < 0 ? EXT2_FLAGS_SIGNED_HASH : EXT2_FLAGS_UNSIGNED_HASH;
	super->s_checksum_type = EXT2_CRC32C_CHKSUM;
	super->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	super->s_max_mnt_count = -1; /* no check that is due after so many mounts: nobody runs it */
	super->s_checkinterval = 0;
	super->s_creator_os = EXT2_OS_LINUX;
	ext2fs->init_checksums(fs); /* they depend on the UUID */
	return 0;
}

/* Spares the kernel a thread that would write the zeros into them, and us their space. */
static void tell_that_tables_are_zero(const struct ext2fs *ext2fs, ext2_filsys fs)
{
	for (dgrp_t group = 0; group < fs->group_desc_count; group++) {
		ext2fs->set_group_flags(fs, group, EXT2_BG_INODE_ZEROED);
		ext2fs->set_group_checksum(fs, group);
	}
}

static errcode_t make_content(const struct ext2fs *ext2fs, ext2_filsys fs, const char **doing)
{
	uint64_t blocks;
	errcode_t code;

	*doing = "make the root directory";
	code = ext2fs->mkdir(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL);
	if (code)
		return code;
	for (ext2_ino_t inode = EXT2_ROOT_INO + 1; inode < EXT2_FIRST_INODE(fs->super); inode++)
		ext2fs->take_inode(fs, inode, +1, 0);
	ext2fs->take_inode(fs, EXT2_BAD_INO, +1, 0);
	*doing = "make lost+found";
	code = ext2fs->mkdir(fs, EXT2_ROOT_INO, 0, "lost+found");
	if (code)
		return code;
	*doing = "make the inode of bad blocks";
	code = ext2fs->make_bad_blocks_inode(fs, NULL);
	if (code)
		return code;
	*doing = "make room to grow";
	code = ext2fs->make_resize_inode(fs);
	if (code)
		return code;
	*doing = "make the journal";
	blocks = (uint64_t)fs->super->s_blocks_count_hi << 32 | fs->super->s_blocks_count;
	return ext2fs->make_journal(fs, (blk_t)ext2fs->journal_size(blocks), ~0ULL,
				    EXT2_MKJOURNAL_LAZYINIT | EXT2_MKJOURNAL_NO_MNT_CHECK);
}

static int fill(const struct ext2fs *ext2fs, ext2_filsys *fs, struct error *err)
{
	const char *doing = "place the tables";
	errcode_t code;

	if (identify(ext2fs, *fs, err) < 0)
		return -1;
	code = ext2fs->allocate_tables(*fs);
	if (code == 0) {
		tell_that_tables_are_zero(ext2fs, *fs);
		code = make_content(ext2fs, *fs, &doing);
	}
	if (code == 0) {
		doing = "write";
		code = ext2fs->close(fs);
	}
	return code ? tell(code, doing, err) : 0;
}

int image_format(const char *path, uint64_t size, struct error *err)
{
	AUTO(ext2fs_close_library) struct ext2fs ext2fs = {0};
	struct ext2_super_block wanted;
	ext2_filsys fs = NULL;
	errcode_t code;
	int rc;

	if (ext2fs_open_library(&ext2fs, err) < 0)
		return -1;
	choose(size, &wanted);
	code = ext2fs.initialize(path, EXT2_FLAG_64BITS, &wanted, *ext2fs.unix_io, &fs);
	if (code)
		return tell(code, "begin", err);
	rc = fill(&ext2fs, &fs, err);
	if (fs) {
		fs->flags &= ~EXT2_FLAG_DIRTY;
		ext2fs.free(fs);
	}
	return rc;
}
