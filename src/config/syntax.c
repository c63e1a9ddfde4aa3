/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/syntax.h"

#include <string.h>

#include "config/hint.h"

#define DEPTH_MAX    32   /* of brackets; the schema needs 4 */
#define SETTINGS_MAX 4096 /* of a group */

struct parser {
	struct lexer lexer;
	struct token token; /* the one looked at */
	struct token ahead; /* the one behind it */
	unsigned int depth;
	bool unbalanced;
	bool swallowed; /* a string without end may have taken closing brackets with it */
};

static void parse_settings(struct parser *parser, struct node *group);

static void advance(struct parser *parser)
{
	token_clear(&parser->token);
	parser->token = parser->ahead;
	parser->ahead = (struct token){0};
	if (parser->token.type != TOKEN_END)
		lexer_next(&parser->lexer, &parser->ahead);
	else
		parser->ahead.at = parser->token.at;
}

static bool is_sign(const struct token *token, enum token_type type, char character)
{
	return token->type == type && token->character == character;
}

/* Whether a setting seems to begin here, on a line of its own. */
static bool begins_setting(const struct parser *parser)
{
	return parser->token.first && parser->ahead.type == TOKEN_EQUALS &&
	       (parser->token.type == TOKEN_NAME || parser->token.type == TOKEN_WORD);
}

/*
 * Skips what belongs to a broken setting: up to and with the next separator, or up to a bracket
 * that closes what is around it, or up to a line on which a setting begins.
 */
static void skip_setting(struct parser *parser)
{
	unsigned int open = 0;

	for (; parser->token.type != TOKEN_END; advance(parser)) {
		if (parser->token.type == TOKEN_OPEN) {
			open++;
		} else if (parser->token.type == TOKEN_CLOSE) {
			if (open == 0)
				return;
			open--;
		} else if (open == 0 && parser->token.type == TOKEN_SEPARATOR) {
			advance(parser);
			return;
		} else if (open == 0 && begins_setting(parser)) {
			return;
		}
	}
}

static char closing(char opening)
{
	return opening == '{' ? '}' : opening == '[' ? ']' : ')';
}

/* Takes the bracket that closes the one at opened; anything else was an error already or is one. */
static void close_bracket(struct parser *parser, char opening, struct location opened)
{
	const struct token *token = &parser->token;

	if (is_sign(token, TOKEN_CLOSE, closing(opening))) {
		advance(parser);
		return;
	}
	if (token->type == TOKEN_END) {
		/* The innermost one is named; that the outer ones lack an end follows from it. */
		if (!parser->unbalanced && !parser->swallowed)
			lexer_error(&parser->lexer, opened, NULL, "this %c is never closed",
				    opening);
		parser->unbalanced = true;
		return;
	}
	if (!parser->swallowed)
		lexer_error(&parser->lexer, token->at, NULL,
			    "expected %c to close the %c of line %u, found %c", closing(opening),
			    opening, opened.line, token->character);
	parser->unbalanced = true;
	advance(parser);
}

/* Strings side by side are one string, except between the elements of a list. */
static void parse_string(struct parser *parser, struct node *node, bool element)
{
	struct text joined = {0};

	node->type = NODE_STRING;
	text_add(&joined, "", 0);
	for (bool more = false; parser->token.type == TOKEN_STRING; more = true) {
		if (more && element) {
			lexer_error(&parser->lexer, parser->token.at,
				    "libconfig would join the two strings",
				    "missing comma between two elements");
			node->type = NODE_BROKEN;
		}
		if (parser->token.broken) {
			node->type = NODE_BROKEN;
			parser->swallowed |= parser->ahead.first || parser->ahead.type == TOKEN_END;
		}
		text_add(&joined, parser->token.text, strlen(parser->token.text));
		advance(parser);
	}
	node->string = take_pointer(&joined.data);
}

/* Elements of an array hold one scalar type (libconfig counts 1 and 1L as two). */
static void check_array_element(struct parser *parser, struct node *array,
				const struct node *element, bool wide, bool first_wide)
{
	const struct node *first = &array->children[0];

	if (array->type != NODE_ARRAY || element->type == NODE_BROKEN)
		return;
	if (element->type <= NODE_ARRAY) {
		lexer_error(&parser->lexer, element->at, "use a list ( ) for these",
			    "an array [ ] holds plain values only");
		return;
	}
	if (first->type == NODE_BROKEN ||
	    (first->type == element->type && (element->type != NODE_INTEGER || wide == first_wide)))
		return;
	lexer_error(&parser->lexer, element->at, "use a list ( ) for values of several kinds",
		    "the elements of an array [ ] must be of one kind");
}

static void parse_value(struct parser *parser, struct node *node, bool element);

/* At a closing bracket, or where one was forgotten. */
static bool ends_elements(const struct parser *parser)
{
	const struct token *token = &parser->token, *ahead = &parser->ahead;

	return token->type == TOKEN_CLOSE || token->type == TOKEN_END || begins_setting(parser) ||
	       (is_sign(token, TOKEN_SEPARATOR, ';') &&
		(ahead->type == TOKEN_END || ahead->first || ahead->type == TOKEN_CLOSE));
}

/* What separates an element from the next one; broken: its fault was reported already. */
static void parse_comma(struct parser *parser, bool broken)
{
	const struct token *token = &parser->token;
	struct location at = token->at;

	if (token->type != TOKEN_SEPARATOR && !broken)
		lexer_error(&parser->lexer, at, "or a quote is missing before it",
			    "missing comma between two elements");
	while (token->type != TOKEN_SEPARATOR && !ends_elements(parser) &&
	       !(token->first && token->type == TOKEN_STRING))
		advance(parser);
	if (token->type != TOKEN_SEPARATOR || ends_elements(parser))
		return;
	at = token->at;
	if (token->character == ';')
		lexer_error(&parser->lexer, at, NULL, "elements are separated by commas");
	advance(parser);
	if (token->type == TOKEN_CLOSE)
		lexer_error(&parser->lexer, at, "take it away", "a comma behind the last element");
}

static void parse_elements(struct parser *parser, struct node *list)
{
	bool first_wide = parser->token.wide;

	while (!ends_elements(parser)) {
		AUTO_NODE struct node element = {.type = NODE_BROKEN};
		bool wide = parser->token.wide;
		const struct node *added;

		parse_value(parser, &element, true);
		added = node_add(list, &element);
		check_array_element(parser, list, added, wide, first_wide);
		if (!ends_elements(parser))
			parse_comma(parser, added->type == NODE_BROKEN);
	}
}

/* A forgotten bracket before a line like "name = ...": reported where it was opened. */
static bool is_forgotten_bracket(struct parser *parser, char opening, struct location opened)
{
	if (opening == '{' ||
	    !(begins_setting(parser) || is_sign(&parser->token, TOKEN_SEPARATOR, ';')))
		return false;
	if (!parser->swallowed)
		lexer_error(&parser->lexer, opened, NULL, "this %c is never closed", opening);
	return true;
}

static void parse_bracket(struct parser *parser, struct node *node)
{
	char opening = parser->token.character;
	struct location opened = parser->token.at;

	node->type = opening == '{' ? NODE_GROUP : opening == '[' ? NODE_ARRAY : NODE_LIST;
	advance(parser);
	if (parser->depth == DEPTH_MAX) {
		lexer_error(&parser->lexer, opened, NULL,
			    "more than %d brackets inside one another", DEPTH_MAX);
		node->type = NODE_BROKEN;
		parser->unbalanced = true;
		parser->lexer.stopped = true;
		return;
	}
	parser->depth++;
	if (opening == '{')
		parse_settings(parser, node);
	else
		parse_elements(parser, node);
	parser->depth--;
	if (is_forgotten_bracket(parser, opening, opened))
		node->type = NODE_BROKEN;
	else
		close_bracket(parser, opening, opened);
}

static void report_no_value(struct parser *parser, const struct token *token)
{
	AUTO_FREE char *hint = NULL;

	if (token->type != TOKEN_NAME && token->type != TOKEN_WORD) {
		lexer_error(&parser->lexer, token->at, NULL, "a value is missing here");
		return;
	}
	hint = hint_for_unquoted(token->text);
	lexer_error(&parser->lexer, token->at, hint, "%s is no value", token->text);
}

/* Reads a value; what is none is reported and becomes NODE_BROKEN. */
static void parse_value(struct parser *parser, struct node *node, bool element)
{
	struct token *token = &parser->token;

	node->at = token->at;
	node->type = NODE_BROKEN;
	switch (token->type) {
	case TOKEN_STRING:
		parse_string(parser, node, element);
		return;
	case TOKEN_OPEN:
		parse_bracket(parser, node);
		return;
	case TOKEN_INTEGER:
		node->type = token->broken ? NODE_BROKEN : NODE_INTEGER;
		node->integer = token->integer;
		break;
	case TOKEN_FLOAT:
		node->type = NODE_FLOAT;
		node->real = token->real;
		break;
	case TOKEN_BOOLEAN:
		node->type = NODE_BOOLEAN;
		node->boolean = token->boolean;
		break;
	case TOKEN_NAME:
	case TOKEN_WORD:
	case TOKEN_EQUALS:
		report_no_value(parser, token);
		break;
	default:
		/* A separator or closing bracket: left for the caller. */
		report_no_value(parser, token);
		return;
	}
	advance(parser);
}

static void check_duplicate(struct parser *parser, const struct node *group,
			    const struct node *setting)
{
	const struct node *first = node_find(group, setting->name);

	if (!first)
		return;
	if (first->name_at.file == setting->name_at.file)
		lexer_error(&parser->lexer, setting->name_at, NULL,
			    "\"%s\" is set twice, first in line %u", setting->name,
			    first->name_at.line);
	else
		lexer_error(&parser->lexer, setting->name_at, NULL,
			    "\"%s\" is set twice, first in %s:%u", setting->name,
			    first->name_at.file, first->name_at.line);
}

/* What stands where a setting should begin and is no name; moves behind it. */
static void report_no_name(struct parser *parser)
{
	const struct token *token = &parser->token;
	bool foreign = token->type == TOKEN_WORD;
	AUTO_FREE char *hint = NULL;

	if (foreign) {
		hint = hint_for_foreign_key("", token->text);
		if (!hint)
			hint = hint_for_dotted_key(token->text);
		lexer_error(&parser->lexer, token->at, hint ? hint : "a setting is NAME = VALUE;",
			    "unknown key \"%s\"", token->text);
	} else if (is_sign(token, TOKEN_OPEN, '[')) {
		lexer_error(&parser->lexer, token->at, "a group is NAME : { ... };",
			    "there are no [sections] in this language");
		return; /* skipped with what it opens */
	} else {
		lexer_error(&parser->lexer, token->at, "a setting is NAME = VALUE;",
			    "expected the name of a setting");
		if (token->type == TOKEN_OPEN)
			return;
	}
	advance(parser);
	/* As other tools write it, a value goes on to the end of the line. */
	while (token->type != TOKEN_END && !token->first && foreign && token->type != TOKEN_CLOSE &&
	       !is_sign(token, TOKEN_SEPARATOR, ';') && !is_sign(token, TOKEN_OPEN, '{'))
		advance(parser);
}

/* The name and the sign behind it; false: reported, and there is nothing to go on with. */
static bool parse_name(struct parser *parser, struct node *setting)
{
	struct token *token = &parser->token;
	bool is_group;

	setting->name_at = token->at;
	if (token->type != TOKEN_NAME) {
		report_no_name(parser);
		return false;
	}
	setting->name = take_pointer(&token->text);
	advance(parser);
	if (token->type == TOKEN_EQUALS) {
		advance(parser);
		return true;
	}
	/* limits { ... }, as other tools write it, can be read on. */
	is_group = is_sign(token, TOKEN_OPEN, '{');
	lexer_error(&parser->lexer, setting->name_at,
		    is_group ? "a group is NAME : { ... };" : "a setting is NAME = VALUE;",
		    "missing = behind \"%s\"", setting->name);
	return is_group;
}

/* Behind a sound value; a separator may be missing. */
static void end_setting(struct parser *parser, const char *name)
{
	const struct token *token = &parser->token;

	if (token->type == TOKEN_SEPARATOR) {
		advance(parser);
		return;
	}
	if (token->type == TOKEN_NAME || token->type == TOKEN_CLOSE || token->type == TOKEN_END ||
	    token->first)
		return;
	lexer_error(&parser->lexer, token->at, "end a setting with ;",
		    "unexpected text behind the value of \"%s\"", name);
	skip_setting(parser);
}

static void parse_setting(struct parser *parser, struct node *group)
{
	AUTO_NODE struct node setting = {.type = NODE_BROKEN};
	const struct token *token = &parser->token;
	struct node *added;

	if (!parse_name(parser, &setting)) {
		skip_setting(parser);
		return;
	}
	if (begins_setting(parser) || token->type == TOKEN_END || token->type == TOKEN_SEPARATOR ||
	    token->type == TOKEN_CLOSE)
		lexer_error(&parser->lexer, setting.name_at, NULL, "\"%s\" has no value",
			    setting.name);
	else
		parse_value(parser, &setting, false);
	check_duplicate(parser, group, &setting);
	added = node_add(group, &setting);
	if (added->type == NODE_BROKEN)
		skip_setting(parser);
	else
		end_setting(parser, added->name);
}

static void parse_settings(struct parser *parser, struct node *group)
{
	const struct token *token = &parser->token;

	while (token->type != TOKEN_END && token->type != TOKEN_CLOSE) {
		if (token->type == TOKEN_SEPARATOR) {
			lexer_error(&parser->lexer, token->at, "take it away", "a %c too many",
				    token->character);
			advance(parser);
			continue;
		}
		if (group->count == SETTINGS_MAX) {
			lexer_error(&parser->lexer, token->at, NULL,
				    "more than %d settings in one group", SETTINGS_MAX);
			parser->lexer.stopped = true;
			return;
		}
		parse_setting(parser, group);
	}
}

void syntax_parse(const struct source *source, bool trusted_directory,
		  struct diagnostics *diagnostics, struct syntax_result *result)
{
	struct parser parser = {0};

	*result = (struct syntax_result){.root = {.type = NODE_GROUP, .at.file = source->path}};
	lexer_init(&parser.lexer, source, trusted_directory, diagnostics);
	lexer_next(&parser.lexer, &parser.ahead);
	advance(&parser);
	for (;;) {
		parse_settings(&parser, &result->root);
		if (parser.token.type != TOKEN_CLOSE)
			break;
		lexer_error(&parser.lexer, parser.token.at, NULL, "this %c closes nothing",
			    parser.token.character);
		parser.unbalanced = true;
		advance(&parser);
		if (parser.token.type == TOKEN_SEPARATOR)
			advance(&parser);
	}
	token_clear(&parser.token);
	token_clear(&parser.ahead);
	result->errors = parser.lexer.errors;
	result->unbalanced = parser.unbalanced;
	result->expanded = parser.lexer.expanded;
	parser.lexer.expanded = (struct text){0};
	lexer_clear(&parser.lexer);
}

void syntax_result_clear(struct syntax_result *result)
{
	node_clear(&result->root);
	text_clear(&result->expanded);
}
