// Verifies the tlog-proof of an unpacked Tallystick receipt with the Go project's own transparency-log packages.
// Usage: foreign DIR SITE.json; exit 0 = holds, 1 = does not, with one line that says what.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type site struct {
	Site     string `json:"site"`
	Gateways []struct {
		Name          string `json:"name"`
		CheckpointKey string `json:"checkpointKey"`
	} `json:"gateways"`
	Ledgers []struct {
		Key string `json:"key"`
	} `json:"ledgers"`
}

type anchor struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
}

// cosigner verifies cosignature/v1 (c2sp.org/tlog-cosignature), which x/mod leaves to its users.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: foreign DIR SITE.json")
		os.Exit(2)
	}
	line, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println("failed: go:", err)
		os.Exit(1)
	}
	fmt.Println("ok: go:", line)
}

func verify(dir, siteFile string) (string, error) {
	var s site
	if err := readJSON(siteFile, &s); err != nil {
		return "", err
	}
	proof, err := os.ReadFile(filepath.Join(dir, "bundle.tlog-proof"))
	if err != nil {
		return "", err
	}
	leaf, err := os.ReadFile(filepath.Join(dir, "bundle.cose"))
	if err != nil {
		return "", err
	}
	index, path, checkpoint, err := parseProof(string(proof))
	if err != nil {
		return "", err
	}
	tree, err := verifyCheckpoint([]byte(checkpoint), s)
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		return "", fmt.Errorf("bundle.cose is not leaf %d of the tree of %d: %w", index, tree.N, err)
	}
	var a anchor
	if err := readJSON(filepath.Join(dir, "anchor.json"), &a); err != nil {
		return "", err
	}
	if a.Origin != "tallystick/"+s.Site || a.Size != tree.N || a.Root != hex.EncodeToString(tree.Hash[:]) {
		return "", errors.New("anchor.json does not say what the checkpoint says")
	}
	return fmt.Sprintf("bundle.cose is leaf %d of the log of %d, cosigned by a quorum and a ledger", index, tree.N), nil
}

// parseProof reads c2sp.org/tlog-proof@v1 without its optional extra line.
func parseProof(text string) (int64, tlog.RecordProof, string, error) {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, nil, "", errors.New("bundle.tlog-proof is no c2sp.org/tlog-proof@v1")
	}
	digits, found := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !found || err != nil {
		return 0, nil, "", errors.New("bundle.tlog-proof has no index")
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, "", err
		}
		path = append(path, hash)
	}
	return index, path, checkpoint, nil
}

func verifyCheckpoint(checkpoint []byte, s site) (tlog.Tree, error) {
	var verifiers []note.Verifier
	ledgers := map[string]bool{}
	for _, gateway := range s.Gateways {
		key, err := cosignerOf(gateway.CheckpointKey)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, key)
	}
	for _, ledger := range s.Ledgers {
		key, err := cosignerOf(ledger.Key)
		if err != nil {
			return tlog.Tree{}, err
		}
		verifiers = append(verifiers, key)
		ledgers[key.name] = true
	}
	opened, err := note.Open(checkpoint, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, err
	}
	if len(opened.UnverifiedSigs) > 0 {
		return tlog.Tree{}, fmt.Errorf("the site knows no cosigner %s", opened.UnverifiedSigs[0].Name)
	}
	gateways, countersigned := 0, 0
	for _, sig := range opened.Sigs {
		if ledgers[sig.Name] {
			countersigned++
		} else {
			gateways++
		}
	}
	n := len(s.Gateways)
	quorum := (n + (n-1)/3 + 2) / 2 // ceil((n + f + 1) / 2) with f = floor((n - 1) / 3)
	if gateways < quorum || countersigned == 0 {
		return tlog.Tree{}, fmt.Errorf("%d of %d gateways and %d ledgers signed; %d and 1 are needed", gateways, n, countersigned, quorum)
	}
	return parseTree(opened.Text, "tallystick/"+s.Site)
}

func parseTree(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not one of %s", origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

func cosignerOf(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, fmt.Errorf("%s is no verifier key", vkey)
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return cosigner{}, err
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return cosigner{}, err
	}
	if len(data) != 1+ed25519.PublicKeySize || data[0] != 4 {
		return cosigner{}, fmt.Errorf("%s is no cosignature/v1 key", vkey)
	}
	return cosigner{name: parts[0], hash: uint32(hash), key: ed25519.PublicKey(data[1:])}, nil
}

func readJSON(file string, into any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
